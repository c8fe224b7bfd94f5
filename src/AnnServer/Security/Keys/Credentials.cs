namespace AnnServer.Security.Keys;

/// <summary>What a request says who it is from.</summary>
internal static class Credentials
{
    private const string KeyHeader = "x-api-key";
    private const string Bearer = "Bearer ";

    /// <returns>The key or the token; null where there is none, or more than one of a kind.</returns>
    public static string? Of(HttpRequest request)
    {
        if (request.Headers.TryGetValue(KeyHeader, out var keys))
        {
            return keys.Count == 1 ? keys[0] : null;
        }

        return request.Headers.Authorization is [{ } text] && text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? text[Bearer.Length..].Trim()
            : null;
    }

    /// <summary>A token has parts, with dots between them, of which a key has none.</summary>
    public static bool IsToken(string? credentials) => credentials?.Contains('.', StringComparison.Ordinal) == true;
}
