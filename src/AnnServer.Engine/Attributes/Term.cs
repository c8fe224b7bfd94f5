namespace AnnServer.Engine.Attributes;

/// <summary>A string of a <see cref="Vocabulary"/> and where it stands, ordered by the string's UTF-8 bytes.</summary>
internal readonly record struct Term(string Text, PostingSet? Posting) : IComparable<Term>
{
    public int CompareTo(Term other) => Utf8Order.Compare(Text, other.Text);
}
