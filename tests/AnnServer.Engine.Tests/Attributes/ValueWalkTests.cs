using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Attributes;

/// <summary>Walks against a sort, over more entries than a slice has.</summary>
public sealed class ValueWalkTests
{
    private const int Ordinals = 120_000;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 40)]
    [InlineData(3, 100_000)]
    [InlineData(4, 7_000_000)]
    public void Step_Numbers_GivesTheGroupsOfASort(int seed, int values)
    {
        Random random = new(seed);
        long[] keys = [.. Enumerable.Range(0, Ordinals).Select(_ => (long)random.Next(values))];
        Check(AttributeType.Int64, keys, AttributeValue.Of, Comparer<long>.Default, random);
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(6, 9000)]
    public void Step_Strings_GivesTheGroupsOfASort(int seed, int values)
    {
        Random random = new(seed);
        string[] keys = [.. Enumerable.Range(0, Ordinals).Select(_ => $"{(char)(0x2A0 + random.Next(4))}{random.Next(values)}")];
        Check(AttributeType.Keyword, keys, AttributeValue.Of, StringComparer.Ordinal, random);
    }

    [Fact]
    public void Step_TruthValues_GivesTheGroupsOfASort()
    {
        Random random = new(7);
        bool[] keys = [.. Enumerable.Range(0, Ordinals).Select(_ => random.Next(4) == 0)];
        Check(AttributeType.Bool, keys, AttributeValue.Of, Comparer<bool>.Default, random);
    }

    [Fact]
    public void Walk_FromAValueOfAnotherKind_IsNotMade()
    {
        AttributeValue text = AttributeValue.Of("a");
        foreach (AttributeType type in Enum.GetValues<AttributeType>())
        {
            AttributeIndex index = AttributeIndex.Create(new AttributeSchema("a", type));
            bool hasOrder = type is not (AttributeType.KeywordList or AttributeType.Int64List or AttributeType.GeoPoint or AttributeType.Text);
            Assert.Equal(hasOrder, index.Walk(default, descending: false) is not null);
            Assert.Equal(type == AttributeType.Keyword, index.Walk(text, descending: true) is not null);
        }
    }

    private static void Check<T>(AttributeType type, T[] keys, Func<T, AttributeValue> toValue, IComparer<T> comparer, Random random)
        where T : notnull
    {
        AttributeIndex index = AttributeIndex.Create(new AttributeSchema("a", type));
        for (uint ordinal = 0; ordinal < Ordinals; ordinal++)
        {
            byte[] blob = AttributeCodec.Encode(new Dictionary<string, AttributeValue> { ["a"] = toValue(keys[ordinal]) });
            Assert.True(AttributeCodec.TryFind(blob, index.Utf8Name, out AttributeView value));
            index.AddInBulk(ordinal, value);
        }

        index.EndBulk();
        foreach (int members in (int[])[0, 3, 5000, 10 * Ordinals])
        {
            foreach (bool descending in (bool[])[false, true])
            {
                OrdinalBitmap scope = new();
                scope.Reset(Ordinals - 10);
                for (int i = 0; i < members; i++)
                {
                    scope.Add((uint)random.Next(scope.Length));
                }

                bool begins = random.Next(2) == 0;
                T from = keys[random.Next(Ordinals)];
                ValueWalk walk = index.Walk(begins ? toValue(from) : default, descending)!;

                var expected = Enumerable.Range(0, scope.Length)
                    .Where(ordinal => scope.Contains((uint)ordinal))
                    .GroupBy(ordinal => keys[ordinal])
                    .Where(group => !begins || (comparer.Compare(group.Key, from) is var order && (descending ? order <= 0 : order >= 0)))
                    .OrderBy(group => group.Key, descending ? Comparer<T>.Create((x, y) => comparer.Compare(y, x)) : comparer)
                    .Select(group => (begins && comparer.Compare(group.Key, from) == 0, string.Join(' ', group)));
                Assert.Equal(expected, Groups(walk, scope));

                OrdinalBitmap present = new();
                present.Reset(Ordinals + 1);
                walk.AddPresent(present);
                Assert.Equal(Ordinals, present.Count());
            }
        }
    }

    private static IEnumerable<(bool IsAtStart, string Ordinals)> Groups(ValueWalk walk, OrdinalBitmap scope)
    {
        using ValueGroup group = new(scope, new BitmapPool());
        WalkStep step = WalkStep.Part;
        while (step != WalkStep.End)
        {
            step = walk.Step(group);
            if (step == WalkStep.Part)
            {
                continue;
            }

            List<uint> ordinals = [.. group.Listed];
            if (group.Many is { } many)
            {
                foreach (uint ordinal in many)
                {
                    ordinals.Add(ordinal);
                }
            }

            if (ordinals.Count > 0)
            {
                yield return (walk.IsAtStart, string.Join(' ', ordinals.Order()));
            }

            group.Clear();
        }
    }
}
