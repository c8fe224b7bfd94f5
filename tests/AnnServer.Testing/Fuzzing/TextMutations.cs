using System.Globalization;
using System.Text;

namespace AnnServer.Testing.Fuzzing;

/// <summary>Damages text: by letters, by tokens, and by what is seldom thought of.</summary>
/// <param name="tokens">What the language is made of.</param>
public sealed class TextMutations(IReadOnlyList<string> tokens)
{
    private static readonly string[] Oddities =
    [
        "\0", "\u0001", "\u001B", "\u007F", "\u0085", "\u00A0", "\u00AD", "\u0130", "\u0301", "\u200B", "\u200D", "\u2028", "\u202E", "\u3000",
        "\uD83D", "\uDE00", "\U0001F600", "\uFEFF", "\uFFFD", "\uFFFE", "\uFFFF", "\U0010FFFF", "\r\n", "\t", "＝", "（", "”", "٣",
    ];

    private static readonly string[] Numbers =
    [
        "0", "-0", "+1", "1e308", "1e309", "-1e400", "4.9e-324", "1e-999", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551616", "0x10", "1_000", "1,5", ".", "-", "+", "-.", ".5", "5.", "1e", "1e+", "NaN", "Infinity", "-Infinity", "∞", "1h",
        "00000000000000000000000000000001", "2024-02-30T00:00:00Z", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00Z",
    ];

    /// <summary>The text after one to six changes.</summary>
    /// <param name="other">A text of which parts may be put into it.</param>
    public string Mutate(string text, string other, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        StringBuilder changed = new(text);
        for (int changes = 1 + (random.Next(3) * random.Next(4)); changes > 0; changes--)
        {
            Change(changed, other, random);
        }

        return changed.ToString();
    }

    /// <summary>Tokens one after another, of the language and of none.</summary>
    public string Soup(int length, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        StringBuilder soup = new();
        for (int i = 0; i < length; i++)
        {
            soup.Append(random.Next(10) == 0 ? Odd(random) : tokens[random.Next(tokens.Count)]);
            soup.Append(random.Next(3) == 0 ? "" : " ");
        }

        return soup.ToString();
    }

    /// <summary>Characters of any kind.</summary>
    public static string Noise(int length, Random random) => string.Create(length, random, static (characters, random) =>
    {
        foreach (ref char character in characters)
        {
            character = random.Next(4) == 0 ? (char)random.Next(0x10000) : (char)random.Next(0x80);
        }
    });

    private void Change(StringBuilder text, string other, Random random)
    {
        int at = random.Next(text.Length + 1);
        int length = Math.Min(text.Length - at, random.Next(random.Next(1, 20)));
        switch (random.Next(10))
        {
            case 0 when at < text.Length:
                text[at] ^= (char)(1 << random.Next(random.Next(3) == 0 ? 16 : 7));
                break;
            case 1:
                text.Remove(at, length);
                break;
            case 2:
                text.Insert(at, text.ToString(at, length), 1 + random.Next(3));
                break;
            case 3:
                int from = random.Next(other.Length + 1);
                text.Insert(at, other.AsSpan(from, random.Next(other.Length - from + 1)));
                break;
            case 4:
                text.Remove(at, length).Insert(at, tokens[random.Next(tokens.Count)]);
                break;
            case 5:
                text.Insert(at, Odd(random));
                break;
            case 6:
                text.Length = at;
                break;
            case 7:
                Exchange(text, random);
                break;
            default:
                text.Insert(at, tokens[random.Next(tokens.Count)]);
                break;
        }
    }

    // Two words between spaces.
    private static void Exchange(StringBuilder text, Random random)
    {
        string[] words = text.ToString().Split(' ');
        int one = random.Next(words.Length);
        int two = random.Next(words.Length);
        (words[one], words[two]) = (words[two], words[one]);
        text.Clear().AppendJoin(' ', words);
    }

    private static string Odd(Random random) => random.Next(3) switch
    {
        0 => Numbers[random.Next(Numbers.Length)],
        1 => Oddities[random.Next(Oddities.Length)],
        _ => random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
    };
}
