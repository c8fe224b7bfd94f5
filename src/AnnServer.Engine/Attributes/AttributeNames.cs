namespace AnnServer.Engine.Attributes;

/// <summary>What an attribute may be called.</summary>
internal static class AttributeNames
{
    public const int MaxLength = 128;

    public const string Rule = "a name is 1 to 128 characters: a letter or underscore, then letters, digits and underscores";

    public static bool IsValid(string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > MaxLength || char.IsAsciiDigit(name[0]))
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }

        return true;
    }
}
