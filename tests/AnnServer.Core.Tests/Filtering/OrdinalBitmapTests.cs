using AnnServer.Core.Filtering;
using CsCheck;

namespace AnnServer.Core.Tests.Filtering;

public sealed class OrdinalBitmapTests
{
    private static readonly Gen<int> GenLength = Gen.OneOf(Gen.Int[0, 300], Gen.Const(64), Gen.Const(128), Gen.Const(1024));

    private static readonly Gen<(int Length, uint[] First, uint[] Second)> GenPair =
        GenLength.SelectMany(length => Gen.Select(GenMembers(length), GenMembers(length), (first, second) => (length, first, second)));

    /// <summary>0 add, 1 remove, 2 fill, 3 complement, 4 empty over the same length.</summary>
    private static readonly Gen<(int Length, (int Kind, uint Ordinal)[] Steps)> GenSteps =
        Gen.Int[1, 200].SelectMany(length =>
            Gen.Select(Gen.Frequency((10, Gen.Const(0)), (6, Gen.Const(1)), (1, Gen.Const(2)), (1, Gen.Const(3)), (1, Gen.Const(4))), Gen.UInt[0, (uint)length - 1])
                .Array[0, 40].Select(steps => (length, steps)));

    [Fact]
    public void AnySteps_OneSet_AgreeWithAHashSet() => GenSteps.Sample(sample =>
    {
        OrdinalBitmap bitmap = Bitmap(sample.Length, []);
        var model = new HashSet<uint>();
        foreach ((int kind, uint ordinal) in sample.Steps)
        {
            switch (kind)
            {
                case 0:
                    bitmap.Add(ordinal);
                    model.Add(ordinal);
                    break;
                case 1:
                    bitmap.Remove(ordinal);
                    model.Remove(ordinal);
                    break;
                case 2:
                    bitmap.Fill();
                    model.UnionWith(All(sample.Length));
                    break;
                case 3:
                    bitmap.Not();
                    model.SymmetricExceptWith(All(sample.Length));
                    break;
                default:
                    bitmap.Reset(sample.Length);
                    model.Clear();
                    break;
            }

            AssertSame(model, bitmap);
        }
    });

    [Fact]
    public void And_TwoSets_IsTheirIntersection() => GenPair.Sample(pair =>
        AssertCombined(pair, (bitmap, other) => bitmap.And(other), (model, other) => model.IntersectWith(other)));

    [Fact]
    public void Or_TwoSets_IsTheirUnion() => GenPair.Sample(pair =>
        AssertCombined(pair, (bitmap, other) => bitmap.Or(other), (model, other) => model.UnionWith(other)));

    [Fact]
    public void AndNot_TwoSets_IsTheirDifference() => GenPair.Sample(pair =>
        AssertCombined(pair, (bitmap, other) => bitmap.AndNot(other), (model, other) => model.ExceptWith(other)));

    [Fact]
    public void AndOr_ItselfAsOther_ChangesNothing() => GenPair.Sample(pair =>
    {
        OrdinalBitmap bitmap = Bitmap(pair.Length, pair.First);
        bitmap.And(bitmap);
        bitmap.Or(bitmap);
        AssertSame([.. pair.First], bitmap);
        bitmap.AndNot(bitmap);
        AssertSame([], bitmap);
    });

    [Fact]
    public void Reset_AfterAnotherLength_IsEmptyOverTheNewOne() => Gen.Select(GenLength, GenLength).Sample((before, after) =>
    {
        var bitmap = new OrdinalBitmap();
        bitmap.Reset(before);
        bitmap.Fill();
        bitmap.Reset(after);
        AssertSame([], bitmap);

        // Growing again must not bring back what an earlier, longer set left behind.
        bitmap.Reset(Math.Max(before, after));
        AssertSame([], bitmap);
    });

    [Fact]
    public void Words_MembersOfEveryPosition_HoldOneBitEach()
    {
        for (uint ordinal = 0; ordinal < 200; ordinal++)
        {
            OrdinalBitmap bitmap = Bitmap(200, [ordinal]);
            for (int word = 0; word < bitmap.Words.Length; word++)
            {
                Assert.Equal(word == ordinal / 64 ? 1UL << (int)(ordinal % 64) : 0, bitmap.Words[word]);
            }
        }
    }

    [Theory]
    [InlineData(0, 0u)]
    [InlineData(64, 64u)]
    [InlineData(65, 65u)]
    [InlineData(65, uint.MaxValue)]
    public void AddRemove_OrdinalBeyondLength_Throws(int length, uint ordinal)
    {
        OrdinalBitmap bitmap = Bitmap(length, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.Add(ordinal));
        Assert.Throws<ArgumentOutOfRangeException>(() => bitmap.Remove(ordinal));
        Assert.False(bitmap.Contains(ordinal));
    }

    [Fact]
    public void Reset_NegativeLength_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OrdinalBitmap().Reset(-1));

    [Fact]
    public void Combine_OtherLength_Throws()
    {
        OrdinalBitmap bitmap = Bitmap(65, []);
        OrdinalBitmap longer = Bitmap(66, []);
        Assert.Throws<ArgumentException>(() => bitmap.And(longer));
        Assert.Throws<ArgumentException>(() => bitmap.Or(longer));
        Assert.Throws<ArgumentException>(() => bitmap.AndNot(longer));
    }

    private static Gen<uint[]> GenMembers(int length) =>
        length == 0 ? Gen.Const(Array.Empty<uint>()) : Gen.UInt[0, (uint)length - 1].Array[0, 2 * length];

    private static OrdinalBitmap Bitmap(int length, uint[] members)
    {
        var bitmap = new OrdinalBitmap();
        bitmap.Reset(length);
        foreach (uint member in members)
        {
            bitmap.Add(member);
        }

        return bitmap;
    }

    private static HashSet<uint> All(int length)
    {
        var all = new HashSet<uint>();
        for (uint ordinal = 0; ordinal < length; ordinal++)
        {
            all.Add(ordinal);
        }

        return all;
    }

    private static void AssertCombined(
        (int Length, uint[] First, uint[] Second) pair,
        Action<OrdinalBitmap, OrdinalBitmap> combine,
        Action<HashSet<uint>, HashSet<uint>> combineModel)
    {
        OrdinalBitmap bitmap = Bitmap(pair.Length, pair.First);
        OrdinalBitmap other = Bitmap(pair.Length, pair.Second);
        HashSet<uint> model = [.. pair.First];
        HashSet<uint> otherModel = [.. pair.Second];
        combine(bitmap, other);
        combineModel(model, otherModel);
        AssertSame(model, bitmap);
        AssertSame(otherModel, other);
    }

    private static void AssertSame(HashSet<uint> expected, OrdinalBitmap bitmap)
    {
        Assert.Equal(expected.Count, bitmap.Count());
        for (uint ordinal = 0; ordinal < bitmap.Length + 70; ordinal++)
        {
            Assert.Equal(expected.Contains(ordinal), bitmap.Contains(ordinal));
        }

        var members = new List<uint>();
        foreach (uint ordinal in bitmap)
        {
            members.Add(ordinal);
        }

        Assert.Equal(expected.Order(), members);
    }
}
