using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Tests.Querying;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class TokenReaderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData(" .,;-_* ", "")]
    [InlineData("Hello, World", "hello|world")]
    [InlineData("C++ & C# 12", "c|c|12")]
    [InlineData("foo_bar-baz.qux", "foo|bar|baz|qux")]
    [InlineData("don't", "don|t")]
    [InlineData("ÜBER straße ΣΊΣΥΦΟΣ", "über|straße|σίσυφοσ")]
    [InlineData("日本語 ٣٤", "日本語|٣٤")]
    [InlineData("\U00010400\U0001D7D8!", "\U00010428\U0001D7D8")]
    [InlineData("e\u0301te\u00b2", "e|te")]
    [InlineData("pre* x*y * z", "pre*|x*|y|z")]
    public void MoveNext_KnownTexts_GiveTheirTokens(string text, string expected)
    {
        Assert.Equal(expected, string.Join('|', Tokens(text).Select(token => token.Token + (token.IsPrefix ? "*" : ""))));
    }

    [Fact]
    public void MoveNext_RandomTexts_AgreesWithTheCategoriesOfTheirCodePoints()
    {
        const int Seed = 61;
        Random random = new(Seed);
        for (int round = 0; round < 20_000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => NextRune(random).ToString()));

            Assert.True(NaiveText.Tokens(text).SequenceEqual(Tokens(text)), $"seed {Seed}, round {round}: {text}");
            Assert.Equal(NaiveText.Tokens(text).Count(), TokenReader.Count(Encoding.UTF8.GetBytes(text)));
        }
    }

    [Fact]
    public void MoveNext_TokenLongerThanItsBuffer_IsWhole()
    {
        string word = new string('A', 1000) + "\U00010400";

        Assert.Equal([("b", false), (word.ToLowerInvariant(), true)], Tokens($"b {word}*"));
    }

    [Theory]
    [InlineData("61C3")]
    [InlineData("FF62")]
    public void MoveNext_BytesThatAreNotUtf8_AreRefused(string hex) =>
        Assert.Throws<InvalidDataException>(() => TokenReader.Count(Convert.FromHexString(hex)));

    private static Rune NextRune(Random random)
    {
        int[] firsts = [0x20, 0x20, 0x41, 0x61, 0xC0, 0x370, 0x660, 0x3040, 0x1D400, 0x10400, 0x20, 0xFF10];
        int value = random.Next(10) == 0 ? random.Next(0x11_0000) : firsts[random.Next(firsts.Length)] + random.Next(40);
        return Rune.IsValid(value) ? new Rune(value) : new Rune(' ');
    }

    private static List<(string Token, bool IsPrefix)> Tokens(string text)
    {
        List<(string, bool)> tokens = [];
        TokenReader reader = new(Encoding.UTF8.GetBytes(text), new char[4]);
        while (reader.MoveNext())
        {
            tokens.Add((reader.Current.ToString(), reader.IsPrefix));
        }

        return tokens;
    }
}
