using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes.Walks;

/// <summary>Goes through strings.</summary>
/// <param name="from">The first value; null for the first there is.</param>
internal sealed class KeywordWalk(SortedIndex<Term> terms, PostingSet exists, string? from, bool descending) : ValueWalk
{
    // Members of a posting set that take as long as an entry of the order.
    private const int MembersPerEntry = 4;

    private string? _last;

    public override WalkStep Step(OrdinalBitmap scope, List<uint> group)
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
            Entries += 1 + (term.Posting!.Count / MembersPerEntry);
            term.Posting.AddTo(group, scope);
            if (group.Count > 0)
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
