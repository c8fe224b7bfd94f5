using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Tests.Querying;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>A random filter in all its forms: the engine's two, and a function over the attributes.</summary>
/// <param name="Expression">Null where it cannot be written as one.</param>
internal sealed record ModelFilter(
    Predicate Predicate, Func<PointId, Dictionary<string, AttributeValue>, bool> Matches, string? Expression = null)
{
    public FilterSpec Spec => new(null, Predicate);

    /// <summary>The expression, where there is one.</summary>
    public FilterSpec Written => Expression is null ? Spec : new(Expression, null);

    public override string ToString() => Expression ?? "of identifiers";

    public static ModelFilter Random(Random random, int depth = 2)
    {
        if (depth > 0 && random.Next(3) == 0)
        {
            ModelFilter left = Random(random, depth - 1);
            ModelFilter right = Random(random, depth - 1);
            bool isWritten = left.Expression is not null && right.Expression is not null;
            return random.Next(3) switch
            {
                0 => new(
                    new Predicate.And([left.Predicate, right.Predicate]),
                    (id, a) => left.Matches(id, a) && right.Matches(id, a),
                    isWritten ? $"({left.Expression}) AND ({right.Expression})" : null),
                1 => new(
                    new Predicate.Or([left.Predicate, right.Predicate]),
                    (id, a) => left.Matches(id, a) || right.Matches(id, a),
                    isWritten ? $"({left.Expression}) OR ({right.Expression})" : null),
                _ => Not(left),
            };
        }

        return Leaf(random);
    }

    /// <summary>One that, as a rule, most points satisfy.</summary>
    public static ModelFilter Broad(Random random) => Not(Leaf(random));

    private static ModelFilter Not(ModelFilter filter) => new(
        new Predicate.Not(filter.Predicate),
        (id, a) => !filter.Matches(id, a),
        filter.Expression is null ? null : $"NOT ({filter.Expression})");

    private static ModelFilter Leaf(Random random)
    {
        switch (random.Next(11))
        {
            case 0:
                string color = RandomPoints.Colors[random.Next(RandomPoints.Colors.Length)];
                return new(
                    new Predicate.Eq("color", AttributeValue.Of(color)),
                    (_, a) => a.TryGetValue("color", out AttributeValue v) && v.AsString() == color,
                    $"color = \"{color}\"");
            case 1:
                long low = random.Next(100);
                long high = low + random.Next(60);
                var range = new Predicate.Range(
                    "n", new Predicate.Bound(AttributeValue.Of(low), true), new Predicate.Bound(AttributeValue.Of(high), false));
                return new(
                    range,
                    (_, a) => a.TryGetValue("n", out AttributeValue v) && v.AsInt64() >= low && v.AsInt64() < high,
                    $"n >= {low} AND n < {high}");
            case 2:
                double from = random.NextDouble();
                return new(
                    new Predicate.Range("x", new Predicate.Bound(AttributeValue.Of(from), false), default),
                    (_, a) => a.TryGetValue("x", out AttributeValue v) && v.AsDouble() > from,
                    $"x > {from:R}");
            case 3:
                string tag = RandomPoints.Colors[random.Next(RandomPoints.Colors.Length)];
                return new(
                    new Predicate.Contains("tags", AttributeValue.Of(tag)),
                    (_, a) => a.TryGetValue("tags", out AttributeValue v) && v.AsStringList().Contains(tag),
                    $"tags:\"{tag}\"");
            case 4:
                return new(new Predicate.Exists("flag"), (_, a) => a.ContainsKey("flag"), "flag:*");
            case 5:
                return new(new Predicate.IsNull("note"), (_, a) => !a.ContainsKey("note"), "note = null");
            case 6:
                string beginning = RandomPoints.Colors[random.Next(RandomPoints.Colors.Length)][..1];
                beginning = char.IsSurrogate(beginning[0]) ? "gr" : beginning;
                return new(
                    new Predicate.Prefix("tags", beginning),
                    (_, a) => a.TryGetValue("tags", out AttributeValue v) && v.AsStringList().Any(tag => tag.StartsWith(beginning, StringComparison.Ordinal)),
                    $"tags:\"{beginning}*\"");
            case 7:
                string words = $"{RandomPoints.Words[random.Next(RandomPoints.Words.Length)]} {RandomPoints.Words[random.Next(RandomPoints.Words.Length)]}*";
                bool any = random.Next(2) == 0;
                return new(
                    new Predicate.TextMatch("title", words, any ? TextMatchMode.Any : TextMatchMode.All),
                    (_, a) => a.TryGetValue("title", out AttributeValue v) && NaiveText.Matches(v.AsString(), words, any),
                    $"{(any ? "text_any" : "text_match")}(title, \"{words}\")");
            case 8:
                GeoPoint place = RandomPoints.Place(random);
                double meters = Math.Pow(10, random.Next(3, 7)) * (1 + random.NextDouble());
                return new(
                    new Predicate.GeoRadius("place", place, meters),
                    (_, a) => a.TryGetValue("place", out AttributeValue v) && NaiveEarth.Distance(v.AsGeoPoint(), place) <= meters,
                    $"geo_radius(place, {place.Latitude:R}, {place.Longitude:R}, {meters:R})");
            case 9:
                GeoPoint corner = new(random.Next(-5, 53), random.Next(-180, 181));
                GeoPoint other = new(random.Next((int)corner.Latitude, 91), random.Next(-180, 181));
                return new(
                    new Predicate.GeoBox("place", corner, other),
                    (_, a) => a.TryGetValue("place", out AttributeValue v) && NaiveEarth.IsWithin(v.AsGeoPoint(), corner, other),
                    $"geo_box(place, {corner.Latitude}, {corner.Longitude}, {other.Latitude}, {other.Longitude})");
            default:
                ImmutableArray<PointId> ids = [.. Enumerable.Range(0, 30).Select(_ => RandomPoints.Id(random))];
                return new(new Predicate.Ids(ids), (id, _) => ids.Contains(id));
        }
    }
}
