using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes;

/// <summary>A posting set for every distinct string of an attribute, found by the string or by what it begins with. Not synchronised.</summary>
internal sealed class Vocabulary
{
    // What an entry of the dictionary and the head of a string cost.
    private const int EntryBytes = 56;

    private readonly Dictionary<string, PostingSet> _postings = new(StringComparer.Ordinal);

    // The same strings in order; under the ordinal 0, since a string stands there once.
    private readonly SortedIndex<Term> _order = new();

    public long MemoryBytes
    {
        get
        {
            long bytes = _order.MemoryBytes;
            foreach ((string text, PostingSet posting) in _postings)
            {
                bytes += posting.MemoryBytes + EntryBytes + (text.Length * sizeof(char));
            }

            return bytes;
        }
    }

    /// <summary>The strings in order, each with the ordinal 0.</summary>
    public SortedIndex<Term> Order => _order;

    public void Add(uint ordinal, ReadOnlySpan<char> text)
    {
        PostingSet posting = PostingOf(text, out string? added);
        posting.Add(ordinal);
        if (added is not null)
        {
            _order.Add(new Term(added, posting), 0);
        }
    }

    /// <summary>As <see cref="Add"/>, but nothing is found by its beginning until <see cref="EndBulk"/>.</summary>
    public void AddInBulk(uint ordinal, ReadOnlySpan<char> text) => PostingOf(text, out _).Add(ordinal);

    public void EndBulk()
    {
        Term[] terms = [.. _postings.Select(static entry => new Term(entry.Key, entry.Value))];
        _order.Load(terms, new uint[terms.Length]);
    }

    public void Remove(uint ordinal, ReadOnlySpan<char> text)
    {
        // A value may have a string twice, so its posting may be gone already.
        Dictionary<string, PostingSet>.AlternateLookup<ReadOnlySpan<char>> lookup = _postings.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(text, out string? known, out PostingSet? posting) && posting.Remove(ordinal) && posting.Count == 0)
        {
            _postings.Remove(known);
            _order.Remove(new Term(known), 0);
        }
    }

    /// <summary>Adds the ordinals of the string to the bitmap, as far as its length reaches.</summary>
    public void AddTo(string text, OrdinalBitmap bitmap)
    {
        if (_postings.TryGetValue(text, out PostingSet? posting))
        {
            posting.AddTo(bitmap);
        }
    }

    /// <summary>Adds the ordinals of all strings that begin with the prefix.</summary>
    public void AddPrefixTo(string prefix, OrdinalBitmap bitmap)
    {
        SortedIndex<Term>.Position position = _order.Seek(new Term(prefix), 0);
        while (_order.MoveNext(ref position, out Term term, out _) && term.Text.StartsWith(prefix, StringComparison.Ordinal))
        {
            term.Posting!.AddTo(bitmap);
        }
    }

    /// <summary>Adds the ordinals of all strings from the least one on, or from the first, that pass the test of a range.</summary>
    public void AddRangeTo(string? least, Func<string, bool> isWithin, OrdinalBitmap bitmap)
    {
        SortedIndex<Term>.Position position = least is null ? default : _order.Seek(new Term(least), 0);
        while (_order.MoveNext(ref position, out Term term, out _))
        {
            if (isWithin(term.Text))
            {
                term.Posting!.AddTo(bitmap);
            }
            else if (term.Text != least)
            {
                // Not the bound that is left out, so beyond the other one.
                return;
            }
        }
    }

    private PostingSet PostingOf(ReadOnlySpan<char> text, out string? added)
    {
        added = null;
        Dictionary<string, PostingSet>.AlternateLookup<ReadOnlySpan<char>> lookup = _postings.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out PostingSet? posting))
        {
            added = text.ToString();
            posting = new PostingSet();
            _postings.Add(added, posting);
        }

        return posting;
    }
}
