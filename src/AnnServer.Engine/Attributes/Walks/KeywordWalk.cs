using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes.Walks;

/// <summary>Goes through strings.</summary>
/// <param name="from">The first value; null for the first there is.</param>
internal sealed class KeywordWalk(SortedIndex<Term> terms, PostingSet exists, string? from, bool descending) : ValueWalk
{
    // A string, its posting set and the members of that lie in different places of the memory.
    private const int EntriesPerTerm = 16;
    private const int MembersPerEntry = 4;

    private string? _last;

    public override WalkStep Step(ValueGroup group)
    {
        SortedIndex<Term>.Position position = Place();
        long until = Entries + SliceEntries;
        while (Entries < until)
        {
            if (!(descending ? terms.MovePrevious(ref position, out Term term, out _) : terms.MoveNext(ref position, out term, out _)))
            {
                return WalkStep.End;
            }

            _last = term.Text;
            IsAtStart = term.Text == from;
            Entries += EntriesPerTerm + (term.Posting!.Count / MembersPerEntry);
            group.Add(term.Posting);
            if (!group.IsEmpty)
            {
                return WalkStep.Value;
            }
        }

        return WalkStep.Part;
    }

    public override void AddPresent(OrdinalBitmap bitmap) => exists.AddTo(bitmap);

    private SortedIndex<Term>.Position Place()
    {
        if (_last is not null)
        {
            return descending ? terms.Seek(new Term(_last), 0) : terms.SeekAfter(new Term(_last));
        }

        if (from is not null)
        {
            return descending ? terms.SeekAfter(new Term(from)) : terms.Seek(new Term(from), 0);
        }

        return descending ? terms.End : default;
    }
}
