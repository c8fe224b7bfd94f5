using System.Text;

namespace AnnServer.Engine.Attributes;

/// <summary>The order of strings in filters and in stored attributes: that of their UTF-8 bytes, which is that of their code points.</summary>
internal static class Utf8Order
{
    /// <summary>Refuses lone surrogates, which have no UTF-8 form.</summary>
    public static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static readonly IComparer<string> Strings = Comparer<string>.Create(static (left, right) => Compare(left, right));

    public static readonly IComparer<byte[]> Bytes = Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right));

    public static int Compare(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int common = left.CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        // UTF-16 puts surrogates (code points above U+FFFF) below U+E000 to U+FFFF; rotating both ranges restores code point order.
        return Rotate(left[common]).CompareTo(Rotate(right[common]));
    }

    /// <summary>False for a string with a lone surrogate.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            {
                return false;
            }

            i++;
        }

        return true;
    }

    private static int Rotate(char unit) => unit < 0xD800 ? unit : unit < 0xE000 ? unit + 0x2000 : unit - 0x800;
}
