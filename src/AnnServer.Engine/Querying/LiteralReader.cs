using System.Globalization;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>Reads the values of an expression that stand without quotes.</summary>
internal static class LiteralReader
{
    private const string DurationUnits = "smhd";
    private const int Shown = 64;

    public static FilterArgument Read(string word, int offset)
    {
        switch (word)
        {
            case "*":
                return new FilterArgument.Literal(default, offset);
            case "null":
                return new FilterArgument.Null(offset);
            case "true":
                return new FilterArgument.Literal(AttributeValue.Of(true), offset);
            case "false":
                return new FilterArgument.Literal(AttributeValue.Of(false), offset);
        }

        if (char.IsAsciiDigit(word[0]) || word[0] is '-' or '+' or '.')
        {
            return new FilterArgument.Literal(ReadNumber(word, offset), offset);
        }

        if (!Utf8Order.IsWellFormed(word))
        {
            throw FilterParseContext.At(offset, "there is a lone surrogate");
        }

        int star = word.IndexOf('*', StringComparison.Ordinal);
        return star < 0 ? new FilterArgument.Literal(AttributeValue.Of(word), offset)
            : star == word.Length - 1 ? new FilterArgument.Prefix(word[..star], offset)
            : throw FilterParseContext.At(
                offset, $"a wildcard can only be the end of a string; put '{Shorten(word)}' in quotes and write \\* for the character");
    }

    private static AttributeValue ReadNumber(string word, int offset)
    {
        const NumberStyles IntegerStyle = NumberStyles.AllowLeadingSign;
        const NumberStyles DoubleStyle = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (long.TryParse(word, IntegerStyle, CultureInfo.InvariantCulture, out long integer))
        {
            return AttributeValue.Of(integer);
        }

        if (double.TryParse(word, DoubleStyle, CultureInfo.InvariantCulture, out double number))
        {
            return double.IsFinite(number)
                ? AttributeValue.Of(number)
                : throw FilterParseContext.At(offset, $"{Shorten(word)} is too large for a number");
        }

        if (Rfc3339.TryParse(word, out _))
        {
            return AttributeValue.Of(word);
        }

        bool isDuration = DurationUnits.Contains(word[^1])
            && double.TryParse(word.AsSpan(0, word.Length - 1), DoubleStyle, CultureInfo.InvariantCulture, out _);
        throw FilterParseContext.At(offset, isDuration
            ? $"durations such as {Shorten(word)} are not supported"
            : $"'{Shorten(word)}' is neither a number nor an RFC 3339 time; put strings in quotes");
    }

    private static string Shorten(string word) => word.Length <= Shown ? word : $"{word.AsSpan(0, char.IsHighSurrogate(word[Shown - 1]) ? Shown - 1 : Shown)}…";
}
