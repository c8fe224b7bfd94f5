using System.Globalization;
using System.Text;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Tokens and text matches once more, over strings and by the categories that Unicode gives each code point.</summary>
internal static class NaiveText
{
    public static bool Matches(string text, string query, bool any)
    {
        (string Token, bool IsPrefix)[] wanted = [.. Tokens(query)];
        string[] words = [.. Tokens(text).Select(word => word.Token)];
        bool IsThere((string Token, bool IsPrefix) token) =>
            words.Any(word => token.IsPrefix ? word.StartsWith(token.Token, StringComparison.Ordinal) : word == token.Token);
        return any ? wanted.Any(IsThere) : wanted.All(IsThere);
    }

    /// <summary>The tokens, and whether a star stands right after each.</summary>
    public static IEnumerable<(string Token, bool IsPrefix)> Tokens(string text)
    {
        StringBuilder token = new();
        for (int i = 0; i <= text.Length; i += i < text.Length && char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            if (i < text.Length && IsOfToken(char.ConvertToUtf32(text, i)))
            {
                token.Append(char.ConvertFromUtf32(char.ConvertToUtf32(text, i)));
            }
            else if (token.Length > 0)
            {
                yield return (token.ToString().ToLowerInvariant(), i < text.Length && text[i] == '*');
                token.Clear();
            }
        }
    }

    private static bool IsOfToken(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.UppercaseLetter
        or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.DecimalDigitNumber;
}
