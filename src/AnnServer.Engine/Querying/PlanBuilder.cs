using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Chooses for every leaf between an index and the points. Runs under the lock that guards the indexes.</summary>
internal readonly ref struct PlanBuilder(Dictionary<string, AttributeIndex> indexes, IIdResolver? resolver)
{
    private static readonly Dictionary<string, AttributeIndex> NoIndexes = [];

    /// <summary>A plan for testing single points; it needs no lock.</summary>
    public static PlanNode ForPoints(Predicate predicate, IIdResolver? resolver) => new PlanBuilder(NoIndexes, resolver).Build(predicate);

    public PlanNode Build(Predicate predicate) => predicate switch
    {
        Predicate.And and => Combine(PlanKind.And, BuildAll(and.Operands.AsSpan())),
        Predicate.Or or => Combine(PlanKind.Or, BuildAll(or.Operands.AsSpan())),
        Predicate.Not not => Negate(Build(not.Operand)),
        Predicate.In set => BuildLeaf(new LeafTest(set)),
        Predicate.Range range => BuildLeaf(new LeafTest(range)),
        Predicate.Exists exists => BuildLeaf(new LeafTest(exists)),
        Predicate.Prefix prefix => BuildLeaf(new LeafTest(prefix)),
        Predicate.TextMatch text => BuildLeaf(new LeafTest(text)),
        Predicate.GeoRadius radius => BuildLeaf(new LeafTest(radius.Attribute, new GeoCircle(radius.Center, radius.Meters))),
        Predicate.GeoBox box => BuildLeaf(new LeafTest(box.Attribute, new GeoBox(box.SouthWest, box.NorthEast))),
        Predicate.Ids ids => BuildIds(ids),
        _ => throw new ArgumentException("The predicate has not been bound.", nameof(predicate)),
    };

    private PlanNode BuildLeaf(LeafTest leaf)
    {
        bool indexed = indexes.TryGetValue(leaf.Attribute, out AttributeIndex? index)
            && AttributeIndex.Answers(index.Schema.Type, leaf.Shape);
        return new PlanNode
        {
            Kind = indexed ? PlanKind.Indexed : PlanKind.Tested,
            NeedsNoPoints = indexed,
            Leaf = leaf,
            Index = index,
        };
    }

    private PlanNode BuildIds(Predicate.Ids ids)
    {
        List<uint> ordinals = [];
        foreach (PointId id in ids.Values)
        {
            if (resolver is null)
            {
                throw new InvalidOperationException("A filter over identifiers needs a resolver.");
            }

            if (resolver.TryResolve(id, out uint ordinal))
            {
                ordinals.Add(ordinal);
            }
        }

        ordinals.Sort();
        return new PlanNode { Kind = PlanKind.Listed, NeedsNoPoints = true, Ordinals = [.. ordinals] };
    }

    private PlanNode[] BuildAll(ReadOnlySpan<Predicate> predicates)
    {
        PlanNode[] nodes = new PlanNode[predicates.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = Build(predicates[i]);
        }

        return nodes;
    }

    private static PlanNode Negate(PlanNode operand) =>
        new() { Kind = PlanKind.Not, NeedsNoPoints = operand.NeedsNoPoints, Operands = [operand] };

    private static PlanNode Combine(PlanKind kind, PlanNode[] operands)
    {
        PlanNode[] cheap = Array.FindAll(operands, static node => node.NeedsNoPoints);
        if (cheap.Length == operands.Length || cheap.Length == 0)
        {
            return new PlanNode { Kind = kind, NeedsNoPoints = cheap.Length > 0, Operands = operands };
        }

        PlanNode first = cheap.Length == 1 ? cheap[0] : new PlanNode { Kind = kind, NeedsNoPoints = true, Operands = cheap };
        PlanNode[] rest = Array.FindAll(operands, static node => !node.NeedsNoPoints);
        return new PlanNode { Kind = kind, NeedsNoPoints = false, Operands = [first, .. rest] };
    }
}
