using System.Runtime.InteropServices;
using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>The groups that a search has met, and what is still missing of those wanted.</summary>
internal sealed class GroupSet(GroupAttribute attribute, int wanted, int size)
{
    private readonly Dictionary<AttributeValue, Group> _groups = [];

    /// <summary>As many as are wanted, or all there are so far, in the order of their best.</summary>
    public IReadOnlyList<Group> Nearest => [.. _groups.Values.OrderBy(static group => group.Best).Take(wanted)];

    public bool HasAll => _groups.Count >= wanted;

    /// <summary>Points of which more may be wanted: of new groups while those are too few, and of wanted groups that are not full.</summary>
    /// <returns>Null where none can be.</returns>
    public Predicate? Missing()
    {
        if (!HasAll)
        {
            Predicate present = new Predicate.Exists(attribute.Name);
            AttributeValue[] full = [.. _groups.Values.Where(static group => group.IsFull).Select(static group => GroupAttribute.KeyOf(group.Value))];
            return full.Length == 0 ? present : new Predicate.And([present, Canonical.Not(Canonical.In(attribute.Name, full))]);
        }

        AttributeValue[] open = [.. Nearest.Where(static group => !group.IsFull).Select(static group => GroupAttribute.KeyOf(group.Value))];
        return open.Length == 0 ? null : Canonical.In(attribute.Name, open);
    }

    /// <summary>Takes a point into its group.</summary>
    public void Offer(Candidate candidate, byte[]? blob)
    {
        if (attribute.TryRead(blob, out AttributeValue value))
        {
            AttributeValue key = GroupAttribute.KeyOf(value);
            ref Group? group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, key, out _);
            group ??= new Group(value, size);
            group.Offer(candidate);
        }
    }

    /// <summary>Takes points in the order of their distance, all that <see cref="Missing"/> says, until nothing is missing.</summary>
    public void OfferInOrder(IEnumerable<(Candidate Candidate, byte[]? Blob)> points)
    {
        HashSet<AttributeValue> nearest = [.. Nearest.Select(static group => GroupAttribute.KeyOf(group.Value))];
        int open = Nearest.Count(static group => !group.IsFull);
        foreach ((Candidate candidate, byte[]? blob) in points)
        {
            if (attribute.TryRead(blob, out AttributeValue value))
            {
                AttributeValue key = GroupAttribute.KeyOf(value);
                // Later ones are farther: of groups beyond those wanted none is nearer.
                if (nearest.Count < wanted && nearest.Add(key))
                {
                    open++;
                    _groups.TryAdd(key, new Group(value, size));
                }

                if (nearest.Contains(key) && !_groups[key].IsFull)
                {
                    _groups[key].Offer(candidate);
                    open -= _groups[key].IsFull ? 1 : 0;
                }
            }

            if (open == 0 && nearest.Count == wanted)
            {
                return;
            }
        }
    }

    public List<Pick> ToPicks() =>
        [.. Nearest.SelectMany(static group => group.Members.Select(member => new Pick(member, group.Value)))];
}
