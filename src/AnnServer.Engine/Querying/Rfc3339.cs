using System.Globalization;

namespace AnnServer.Engine.Querying;

/// <summary>Timestamps as RFC 3339 writes them: <c>2024-01-31T12:00:00.5+02:00</c>. Digits below 100 nanoseconds are dropped.</summary>
internal static class Rfc3339
{
    private const int SecondsLength = 19;
    private const int TickDigits = 7;

    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset value)
    {
        value = default;
        if (text.Length <= SecondsLength
            || text[10] is not ('T' or 't')
            || !TryParseDate(text[..10], out DateTime day)
            || !TimeSpan.TryParseExact(text[11..SecondsLength], @"hh\:mm\:ss", CultureInfo.InvariantCulture, out TimeSpan time))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text[SecondsLength..];
        if (!TryTakeFraction(ref rest, out long fraction) || !TryParseOffset(rest, out TimeSpan offset))
        {
            return false;
        }

        long utc = day.Ticks + time.Ticks + fraction - offset.Ticks;
        if (utc < 0 || utc > DateTimeOffset.MaxValue.Ticks)
        {
            return false;
        }

        value = new DateTimeOffset(utc, TimeSpan.Zero);
        return true;
    }

    private static bool TryParseDate(ReadOnlySpan<char> text, out DateTime day) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    private static bool TryTakeFraction(ref ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.IsEmpty || text[0] != '.')
        {
            return true;
        }

        int digits = 0;
        for (text = text[1..]; digits < text.Length && char.IsAsciiDigit(text[digits]); digits++)
        {
            if (digits < TickDigits)
            {
                ticks = (ticks * 10) + (text[digits] - '0');
            }
        }

        for (int i = digits; i < TickDigits; i++)
        {
            ticks *= 10;
        }

        text = text[digits..];
        return digits > 0;
    }

    private static bool TryParseOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text.Length != 6
            || text[0] is not ('+' or '-')
            || !TimeSpan.TryParseExact(text[1..], @"hh\:mm", CultureInfo.InvariantCulture, out TimeSpan size))
        {
            return false;
        }

        offset = text[0] == '-' ? -size : size;
        return true;
    }
}
