using System.Collections.Immutable;
using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Tests.Querying;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class AttributeCodecTests
{
    private static readonly Dictionary<string, AttributeValue> OneOfEach = new()
    {
        ["word"] = AttributeValue.Of("héllo"),
        ["empty"] = AttributeValue.Of(""),
        ["int"] = AttributeValue.Of(-300L),
        ["max"] = AttributeValue.Of(long.MaxValue),
        ["min"] = AttributeValue.Of(long.MinValue),
        ["share"] = AttributeValue.Of(0.25),
        ["flag"] = AttributeValue.Of(true),
        ["time"] = AttributeValue.Of(new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero)),
        ["words"] = AttributeValue.Of(["a", "", "\U0001F600"]),
        ["no_words"] = AttributeValue.Of(ImmutableArray<string>.Empty),
        ["place"] = AttributeValue.Of(new GeoPoint(-90, 180)),
        ["ints"] = AttributeValue.Of([0L, -1L, long.MinValue]),
    };

    [Fact]
    public void Decode_EncodedAttributes_GivesThemBack()
    {
        RandomFilters filters = new(new Random(51));
        for (int i = 0; i < 500; i++)
        {
            Dictionary<string, AttributeValue> attributes = i == 0 ? OneOfEach : filters.NextAttributes() ?? [];

            Dictionary<string, AttributeValue> decoded = AttributeCodec.Decode(AttributeCodec.Encode(attributes));

            Assert.Equal(attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal), decoded.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Encode_OneOfEach_IsTheStoredForm()
    {
        Dictionary<string, AttributeValue> attributes = new()
        {
            ["b"] = AttributeValue.Of(-2L),
            ["a"] = AttributeValue.Of("x"),
            ["c"] = AttributeValue.Of([1L, 64L]),
            ["d"] = AttributeValue.Of(["y"]),
            ["e"] = AttributeValue.Of(true),
            ["f"] = AttributeValue.Of(1.0),
            ["g"] = AttributeValue.Of(new GeoPoint(1, -2)),
        };

        byte[] blob = AttributeCodec.Encode(attributes);

        Assert.Equal(
            "0107016101017801620203016307030280010164060201790165040101660300000000" + "0000F03F" + "016708000000000000F03F00000000000000C0",
            Convert.ToHexString(blob));
    }

    [Fact]
    public void TryFind_EveryName_FindsItsValueOnly()
    {
        byte[] blob = AttributeCodec.Encode(OneOfEach);
        foreach ((string name, AttributeValue value) in OneOfEach)
        {
            Assert.True(AttributeCodec.TryFind(blob, Encoding.UTF8.GetBytes(name), out AttributeView view));
            Assert.Equal(value, view.ToValue());
        }

        Assert.False(AttributeCodec.TryFind(blob, "wor"u8, out _));
        Assert.False(AttributeCodec.TryFind(blob, "zz"u8, out _));
    }

    [Fact]
    public void TryFind_StringByBytes_AllocatesNothing()
    {
        byte[] blob = AttributeCodec.Encode(OneOfEach);
        AttributeCodec.TryFind(blob, "word"u8, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();

        bool found = AttributeCodec.TryFind(blob, "word"u8, out AttributeView view) && view.Utf8.SequenceEqual("héllo"u8);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(found);
    }

    [Fact]
    public void Decode_EveryTruncation_IsRefused()
    {
        byte[] blob = AttributeCodec.Encode(OneOfEach);
        for (int length = 0; length < blob.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => AttributeCodec.Decode(blob.AsSpan(0, length)));
        }

        Assert.Throws<InvalidDataException>(() => AttributeCodec.Decode([.. blob, 0]));
    }

    [Fact]
    public void Decode_DamagedBytes_ReadsOrRefuses()
    {
        Random random = new(52);
        byte[] blob = AttributeCodec.Encode(OneOfEach);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. blob];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                AttributeCodec.Decode(damaged);
                AttributeCodec.TryFind(damaged, "words"u8, out _);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 20_000);
    }

    [Theory]
    [InlineData("0200")]
    [InlineData("01020161010178016101" + "0178")]
    [InlineData("01020162010178016101" + "0178")]
    [InlineData("010101610800")]
    [InlineData("010101610900")]
    [InlineData("0101016108000000000080564000000000000000")]
    [InlineData("01010161080000000000C056400000000000000000")]
    [InlineData("0101016108000000000000F87F0000000000000000")]
    [InlineData("010101610402")]
    [InlineData("01010161010180")]
    [InlineData("010101610105FF")]
    [InlineData("0101016105FFFFFFFFFFFFFFFF")]
    [InlineData("01FFFFFFFFFFFFFFFFFFFF01")]
    public void Decode_NotThisFormat_IsRefused(string hex) =>
        Assert.Throws<InvalidDataException>(() => AttributeCodec.Decode(Convert.FromHexString(hex)));

    [Fact]
    public void Compare_RandomStrings_OrdersAsUtf8Bytes()
    {
        Random random = new(53);
        string[] parts = ["a", "b", "é", "\uD7FF", "\uE000", "\uFFFD", "\U0001F600", "\U0010FFFF", ""];
        for (int i = 0; i < 5000; i++)
        {
            string left = string.Concat(Enumerable.Range(0, 4).Select(_ => parts[random.Next(parts.Length)]));
            string right = string.Concat(Enumerable.Range(0, 4).Select(_ => parts[random.Next(parts.Length)]));

            int expected = Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));

            Assert.Equal(Math.Sign(expected), Math.Sign(Utf8Order.Compare(left, right)));
        }
    }
}
