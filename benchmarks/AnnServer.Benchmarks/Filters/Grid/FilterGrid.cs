using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Grid;

/// <summary>
/// Attributes for rows that have none, and filters over them of any shape and selectivity. Numbers lie on a scale of
/// <see cref="Scale"/>, each step of which is as frequent as any other, so that a range's width is its selectivity.
/// </summary>
internal sealed class FilterGrid
{
    public const int Scale = 1_000_000;

    /// <summary>Values of an in-set.</summary>
    public const int InValues = 5;

    private readonly int _seed;
    private readonly int _dimension;
    private readonly bool _isCosine;
    private readonly PlaceTree _tree;
    private readonly Centres _centres;

    /// <param name="rows">The vectors, one after the other.</param>
    public FilterGrid(float[] rows, int dimension, Metric metric, int seed)
    {
        _seed = seed;
        _dimension = dimension;
        _isCosine = metric == Metric.Cosine;
        Rows = rows.Length / dimension;
        float[] comparable = _isCosine ? UnitRows.Of(rows, dimension) : rows;
        _tree = new PlaceTree(comparable, dimension, seed);
        _centres = new Centres(comparable, dimension);
        Columns =
        [
            Number("u", Shuffled(1)),
            Number("v", Shuffled(2)),
            Keyword("share", Shuffled(3), 1),
            Keyword("code", Shuffled(4), InValues),
            Number("place", _tree.Places()),
            .. Enumerable.Range(0, Centres.Count).Select(i => Number($"away_{i}", _centres.RanksFrom(i, comparable))),
        ];
    }

    public int Rows { get; }

    public IReadOnlyList<IColumn> Columns { get; }

    public static string Describe(Shape shape) => shape switch
    {
        Shape.Equality =>
            "`share = x`: a keyword with one value of each selectivity, given to rows drawn at random; all queries ask for the same",
        Shape.And => "ranges over `u` and over `v`, each of the square root of the selectivity",
        Shape.Or => "ranges over `u` or over `v`, each of 1 - √(1 - selectivity)",
        Shape.Range => "a range over `u`: a permutation of the rows, drawn at random; each query's range begins elsewhere",
        Shape.In => $"`code` is one of {InValues} values, each a fifth of the selectivity, given to rows drawn at random",
        Shape.Not => "not within a range over `v` that holds all the rest",
        Shape.Correlated =>
            "a range over `place` with the query's own place in the middle. Places are the order of leaves of a tree that cuts every "
            + "part in two at the median of the projection on the line between two rows far apart in it, down to 16 rows",
        Shape.AntiCorrelated =>
            $"the rows farthest from the query's own cluster: `away_i` is the rank of a row by its distance from the centre i "
            + $"of {Centres.Count} (Lloyd's algorithm, 10 iterations on 20,000 rows), the filter takes the highest ranks from the centre "
            + "that is nearest to the query",
        _ => throw new ArgumentOutOfRangeException(nameof(shape)),
    };

    /// <param name="vector">The query.</param>
    /// <param name="number">Its number, from which the place of ranges is drawn.</param>
    public Predicate PredicateOf(Shape shape, double selectivity, ReadOnlySpan<float> vector, int number)
    {
        SeededNormal random = new((ulong)_seed, ((ulong)shape << 48) + ((ulong)(1 / selectivity) << 32) + (ulong)number);
        return shape switch
        {
            Shape.Equality => new Predicate.Eq("share", AttributeValue.Of(Value(selectivity, 0))),
            Shape.And => new Predicate.And([Range("u", Math.Sqrt(selectivity), ref random), Range("v", Math.Sqrt(selectivity), ref random)]),
            Shape.Or => new Predicate.Or([Range("u", Half(selectivity), ref random), Range("v", Half(selectivity), ref random)]),
            Shape.Range => Range("u", selectivity, ref random),
            Shape.In => new Predicate.In("code", [.. Enumerable.Range(0, InValues).Select(i => AttributeValue.Of(Value(selectivity, i)))]),
            Shape.Not => new Predicate.Not(Range("v", 1 - selectivity, ref random)),
            Shape.Correlated => Around((double)_tree.PlaceOf(Comparable(vector)) / Rows, selectivity),
            Shape.AntiCorrelated => Between($"away_{_centres.NearestTo(Comparable(vector))}", Scale * (1 - selectivity), Scale),
            _ => throw new ArgumentOutOfRangeException(nameof(shape)),
        };
    }

    private static double Half(double selectivity) => 1 - Math.Sqrt(1 - selectivity);

    private static Predicate.Range Around(double place, double selectivity)
    {
        double start = Math.Clamp(place - (selectivity / 2), 0, 1 - selectivity) * Scale;
        return Between("place", start, start + (selectivity * Scale));
    }

    private static Predicate.Range Range(string attribute, double share, ref SeededNormal random)
    {
        double start = random.NextUniform() * (1 - share) * Scale;
        return Between(attribute, start, start + (share * Scale));
    }

    private static Predicate.Range Between(string attribute, double start, double end) => new(
        attribute,
        new Predicate.Bound(AttributeValue.Of((long)Math.Round(start)), Inclusive: true),
        new Predicate.Bound(AttributeValue.Of((long)Math.Round(end)), Inclusive: false));

    private static string Value(double selectivity, int number) => $"{selectivity * 100:0.##}-{number}";

    private float[] Comparable(ReadOnlySpan<float> vector) => _isCosine ? UnitRows.Of(vector.ToArray(), _dimension) : vector.ToArray();

    private int[] Shuffled(int stream)
    {
        int[] ranks = [.. Enumerable.Range(0, Rows)];
        new Random(_seed + stream).Shuffle(ranks);
        return ranks;
    }

    private NumberColumn Number(string name, int[] ranks) =>
        new(name, AttributeType.Int64, [.. ranks.Select(rank => (double)((long)rank * Scale / Rows))]);

    // Each selectivity is shared evenly by its values; ranks that are left over get a value that nobody asks for.
    private KeywordColumn Keyword(string name, int[] ranks, int values)
    {
        string[] byRank = new string[Rows];
        Array.Fill(byRank, "rest");
        int next = 0;
        foreach (double selectivity in Selectivities.All)
        {
            int share = (int)Math.Round(selectivity * Rows);
            for (int i = 0; i < share && next < Rows; i++)
                byRank[next++] = Value(selectivity, i % values);
        }
        return new KeywordColumn(name, AttributeType.Keyword, ranks.Select(rank => (string[])[byRank[rank]]));
    }
}
