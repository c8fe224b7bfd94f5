namespace AnnServer.Security;

/// <summary>A role in some collections, which patterns name: a name as it is, or how names begin with a star behind.</summary>
internal sealed class Grant(Role role, IReadOnlyList<string> patterns)
{
    public const string Everything = "*";

    // The longest name that a collection can have.
    private const int MaxNameLength = 64;

    public Role Role { get; } = role;

    /// <summary>For all collections, also those that do not exist yet, and so for the server.</summary>
    public bool IsForAll { get; } = patterns.Contains(Everything);

    public bool Allows(Role role, string collection)
    {
        if (Role < role)
        {
            return false;
        }

        foreach (string pattern in patterns)
        {
            if (pattern[^1] == '*' ? collection.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1)) : pattern == collection)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A role by its name, without regard to case.</summary>
    public static bool TryParseRole(ReadOnlySpan<char> text, out Role role)
    {
        role = text.Equals("read", StringComparison.OrdinalIgnoreCase) ? Role.Read
            : text.Equals("write", StringComparison.OrdinalIgnoreCase) ? Role.Write
            : text.Equals("admin", StringComparison.OrdinalIgnoreCase) ? Role.Admin
            : Role.None;
        return role != Role.None;
    }

    /// <summary>A role, or a role in what a pattern says, as in <c>write:docs-*</c>. Null for anything else.</summary>
    public static Grant? Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        ReadOnlySpan<char> role = colon < 0 ? text : text.AsSpan(0, colon);
        string pattern = colon < 0 ? Everything : text[(colon + 1)..];
        return TryParseRole(role, out Role parsed) && IsPattern(pattern) ? new Grant(parsed, [pattern]) : null;
    }

    public static bool IsPattern(string text)
    {
        int star = text.IndexOf('*', StringComparison.Ordinal);
        return text.Length is > 0 and <= MaxNameLength && (star < 0 || star == text.Length - 1);
    }
}
