using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>The best points of one value that have been met, nearest first, as many as are wanted of a group.</summary>
internal sealed class Group(AttributeValue value, int size)
{
    private readonly List<Candidate> _members = new(size);

    /// <summary>As the first of them has it.</summary>
    public AttributeValue Value => value;

    public IReadOnlyList<Candidate> Members => _members;

    public float Best => _members[0].Distance;

    public bool IsFull => _members.Count == size;

    public void Offer(Candidate candidate)
    {
        if (IsFull && candidate.Distance >= _members[^1].Distance)
        {
            return;
        }

        int at = _members.Count;
        for (int i = _members.Count - 1; i >= 0; i--)
        {
            if (_members[i].Ordinal == candidate.Ordinal)
            {
                return;
            }

            at = _members[i].Distance > candidate.Distance ? i : at;
        }

        _members.Insert(at, candidate);
        if (_members.Count > size)
        {
            _members.RemoveAt(size);
        }
    }
}
