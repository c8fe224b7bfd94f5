using System.Buffers;
using System.Globalization;
using System.Text;
using AnnServer.Engine.Attributes;
using Parlot;
using Parlot.Fluent;

namespace AnnServer.Engine.Querying;

/// <summary>
/// Reads strings in single or double quotes. Escapes are those of C, <c>\u</c> with four digits, <c>\x</c> with one to four, and
/// <c>\*</c> for a star that is no wildcard.
/// </summary>
internal sealed class QuotedTextParser : Parser<QuotedText>
{
    private const string SimpleEscapes = "0abfnrtv\\'\"*";
    private const string SimpleMeanings = "\0\a\b\f\n\r\t\v\\'\"*";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    public override bool Parse(ParseContext context, ref ParseResult<QuotedText> result)
    {
        Cursor cursor = context.Scanner.Cursor;
        TextPosition before = cursor.Position;
        context.SkipWhiteSpace();
        int start = cursor.Offset;
        if (cursor.Current is not ('"' or '\''))
        {
            cursor.ResetPosition(before);
            return false;
        }

        QuotedText text = Read(context.Scanner.Buffer, start, out int end);
        cursor.Advance(end - start);
        result.Set(start, end, text);
        return true;
    }

    /// <param name="end">After the closing quote.</param>
    private static QuotedText Read(string expression, int start, out int end)
    {
        StringBuilder text = new();
        List<int> wildcards = [];
        for (int at = start + 1; at < expression.Length;)
        {
            char c = expression[at];
            if (c == expression[start])
            {
                end = at + 1;
                return Utf8Order.IsWellFormed(text.ToString())
                    ? new QuotedText(text.ToString(), wildcards, start)
                    : throw FilterParseContext.At(start, "the string has a lone surrogate");
            }

            if (c == '\\')
            {
                text.Append(ReadEscape(expression, ref at));
                continue;
            }

            if (c == '*')
            {
                wildcards.Add(text.Length);
            }

            text.Append(c);
            at++;
        }

        throw FilterParseContext.At(start, "the string has no closing quote");
    }

    private static char ReadEscape(string expression, ref int at)
    {
        int start = at;
        ReadOnlySpan<char> rest = expression.AsSpan(start + 1);
        int simple = rest.IsEmpty ? -1 : SimpleEscapes.IndexOf(rest[0]);
        if (simple >= 0)
        {
            at += 2;
            return SimpleMeanings[simple];
        }

        if (!rest.IsEmpty && rest[0] is 'u' or 'x')
        {
            ReadOnlySpan<char> digits = rest[1..Math.Min(5, rest.Length)];
            int other = digits.IndexOfAnyExcept(HexDigits);
            digits = other < 0 ? digits : digits[..other];
            if (digits.Length == 4 || (rest[0] == 'x' && digits.Length > 0))
            {
                at += 2 + digits.Length;
                return (char)ushort.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            }
        }

        throw FilterParseContext.At(
            start,
            @"the string has an escape that means nothing; there are \\ \"" \' \* \0 \a \b \f \n \r \t \v, and \u with four, \x with one to four "
            + "hexadecimal digits");
    }
}
