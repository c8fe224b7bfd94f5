using System.Buffers;
using System.Text;

namespace AnnServer.Engine.Attributes;

/// <summary>
/// The tokens of a text, one after another. A token is a run of Unicode letters (L) and decimal digits (Nd), as long as it gets, each in
/// lower case by the invariant rules; whatever else there is only separates.
/// </summary>
internal ref struct TokenReader(ReadOnlySpan<byte> utf8, Span<char> buffer)
{
    /// <summary>Characters of a buffer that nearly every token fits into.</summary>
    public const int BufferLength = 64;

    private const byte Star = (byte)'*';

    private ReadOnlySpan<byte> _rest = utf8;
    private Span<char> _token = buffer;
    private int _length;

    /// <summary>Valid until the next one is read.</summary>
    public readonly ReadOnlySpan<char> Current => _token[.._length];

    /// <summary>Whether a star stands right after the token.</summary>
    public readonly bool IsPrefix => !_rest.IsEmpty && _rest[0] == Star;

    /// <summary>Whether a text of so many characters can have more tokens than that; only then is it worth counting them.</summary>
    public static bool CanExceed(int characters, int tokens) => ((long)characters + 1) / 2 > tokens;

    public static int Count(ReadOnlySpan<byte> utf8)
    {
        TokenReader tokens = new(utf8, stackalloc char[BufferLength]);
        int count = 0;
        while (tokens.MoveNext())
        {
            count++;
        }

        return count;
    }

    public bool MoveNext()
    {
        _length = 0;
        while (!_rest.IsEmpty)
        {
            if (TryTake(out int length))
            {
                _rest = _rest[length..];
            }
            else if (_length > 0)
            {
                return true;
            }
            else
            {
                _rest = _rest[length..];
            }
        }

        return _length > 0;
    }

    /// <summary>Appends the next character to the token where it is of one; the length in bytes either way.</summary>
    private bool TryTake(out int length)
    {
        char first = (char)_rest[0];
        if (first < 0x80)
        {
            length = 1;
            if (!char.IsAsciiLetterOrDigit(first))
            {
                return false;
            }

            // The bit that lower-case letters have and digits have anyway.
            Append((char)(first | 0x20));
            return true;
        }

        Rune rune = Read(out length);
        if (!Rune.IsLetterOrDigit(rune))
        {
            return false;
        }

        Span<char> units = stackalloc char[2];
        foreach (char unit in units[..Rune.ToLowerInvariant(rune).EncodeToUtf16(units)])
        {
            Append(unit);
        }

        return true;
    }

    private readonly Rune Read(out int length)
    {
        if (Rune.DecodeFromUtf8(_rest, out Rune rune, out length) != OperationStatus.Done)
        {
            BlobReader.ThrowMalformed("a string is not UTF-8");
        }

        return rune;
    }

    private void Append(char unit)
    {
        if (_length == _token.Length)
        {
            char[] larger = new char[Math.Max(BufferLength, _length * 2)];
            _token.CopyTo(larger);
            _token = larger;
        }

        _token[_length++] = unit;
    }
}
