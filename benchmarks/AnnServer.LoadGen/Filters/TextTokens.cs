using System.Text;

namespace AnnServer.LoadGen.Filters;

/// <summary>Runs of letters and decimal digits in lower case, as text matches see a string.</summary>
internal static class TextTokens
{
    /// <summary>Whether the text has all tokens of the query, or any; one with a star right after it is the beginning of others.</summary>
    public static bool Match(string text, string query, bool any)
    {
        HashSet<string> words = [.. Read(text).Select(word => word.Token)];
        List<(string Token, bool IsPrefix)> wanted = Read(query);
        return any ? wanted.Exists(IsThere) : wanted.TrueForAll(IsThere);

        bool IsThere((string Token, bool IsPrefix) wanted) => wanted.IsPrefix
            ? words.Any(word => word.StartsWith(wanted.Token, StringComparison.Ordinal))
            : words.Contains(wanted.Token);
    }

    private static List<(string Token, bool IsPrefix)> Read(string text)
    {
        List<(string, bool)> tokens = [];
        StringBuilder token = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsLetter(rune) || Rune.IsDigit(rune))
            {
                token.Append(Rune.ToLowerInvariant(rune));
                continue;
            }
            End(rune == new Rune('*'));
        }
        End(isPrefix: false);
        return tokens;

        void End(bool isPrefix)
        {
            if (token.Length > 0)
                tokens.Add((token.ToString(), isPrefix));
            token.Clear();
        }
    }
}
