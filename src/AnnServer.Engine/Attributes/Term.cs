using System.Buffers.Binary;
using System.Text.Unicode;

namespace AnnServer.Engine.Attributes;

/// <summary>A string of a <see cref="Vocabulary"/> and where it stands, in the order of the string's UTF-8 bytes.</summary>
internal readonly struct Term : IComparable<Term>
{
    // The first bytes as a number, which settles most comparisons without a look at the string: a million are sorted and searched in
    // a fraction of the time.
    private readonly ulong _head;

    public Term(string text, PostingSet? posting = null)
    {
        Text = text;
        Posting = posting;

        // With room for a last character that does not end with the head: one without it would be left out.
        Span<byte> head = stackalloc byte[sizeof(ulong) + 4];
        head.Clear();
        Utf8.FromUtf16(text, head, out _, out _);
        _head = BinaryPrimitives.ReadUInt64BigEndian(head);
    }

    public string Text { get; }

    /// <summary>Null in a term that is only looked for.</summary>
    public PostingSet? Posting { get; }

    public int CompareTo(Term other)
    {
        int order = _head.CompareTo(other._head);
        return order != 0 ? order : Utf8Order.Compare(Text, other.Text);
    }
}
