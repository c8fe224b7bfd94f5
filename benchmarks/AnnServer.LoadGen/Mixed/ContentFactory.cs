using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Vectors, attributes and filters of a mixed run, from a seed.</summary>
internal sealed class ContentFactory(int dimension, int seed, VectorFile? vectors)
{
    private static readonly string[] Colors = ["red", "green", "blue", "cyan", "ochre", "white", "black", "rosé"];
    private static readonly string[] Tags = ["a", "b", "c", "draft", "final", "old", "new", "hot", "cold", "x", "y", "z"];
    private readonly Random _random = new(seed);

    public Random Random => _random;

    /// <summary>The attribute <c>flag</c> is left out on purpose: it is evaluated point by point.</summary>
    public static IReadOnlyList<AttributeSchema> Schema { get; } =
    [
        new() { Name = "owner", Type = AttributeType.Int64 },
        new() { Name = "color", Type = AttributeType.Keyword },
        new() { Name = "tags", Type = AttributeType.KeywordList },
        new() { Name = "weight", Type = AttributeType.Double },
    ];

    public float[] NewVector()
    {
        if (vectors is not null)
            return vectors.ToSingles(_random.Next(vectors.Count));
        float[] vector = new float[dimension];
        for (int i = 0; i < vector.Length; i++)
            vector[i] = (float)((_random.NextDouble() * 2) - 1);
        return vector;
    }

    public ModelPoint NewPoint(ulong id, int owner) => new(id, NewVector(), NewAttributes(owner));

    public Dictionary<string, Value> NewAttributes(int owner)
    {
        Dictionary<string, Value> attributes = new(StringComparer.Ordinal)
        {
            ["owner"] = new Value { IntValue = owner },
            ["color"] = NewColor(),
            ["weight"] = NewWeight(),
            ["flag"] = new Value { BoolValue = _random.Next(4) == 0 },
        };
        int tags = _random.Next(4);
        if (tags > 0)
            attributes["tags"] = new Value { StringList = new StringList { Values = { _random.GetItems(Tags, tags).Distinct() } } };
        return attributes;
    }

    public Value NewColor() => new() { StringValue = Colors[_random.Next(Colors.Length)] };

    public Value NewWeight() => new() { DoubleValue = Math.Round(_random.NextDouble(), 4) };

    /// <summary>A filter that only points of one owner satisfy, so that the answer is known exactly.</summary>
    public Predicate NewOwnFilter(int owner)
    {
        Predicate own = Equal("owner", new Value { IntValue = owner });
        Predicate other = _random.Next(5) switch
        {
            0 => Equal("color", NewColor()),
            1 => new Predicate { Range = WeightRange() },
            2 => new Predicate { Not = Equal("tags", NewTag()) },
            3 => Equal("flag", new Value { BoolValue = true }),
            _ => new Predicate { In = new InSet { Attribute = "color", Values = { NewColor(), NewColor() } } },
        };
        return new Predicate { And = new PredicateList { Predicates = { own, other } } };
    }

    public static Predicate OwnedBy(int owner) => Equal("owner", new Value { IntValue = owner });

    private Interval WeightRange()
    {
        double from = Math.Round(_random.NextDouble(), 4);
        return new Interval
        {
            Attribute = "weight",
            Gte = new Value { DoubleValue = from },
            Lt = new Value { DoubleValue = from + Math.Pow(_random.NextDouble(), 3) },
        };
    }

    private Value NewTag() => new() { StringValue = Tags[_random.Next(Tags.Length)] };

    private static Predicate Equal(string attribute, Value value) =>
        new() { Eq = new Comparison { Attribute = attribute, Value = value } };
}
