using System.Text;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class TextQueryTests
{
    [Fact]
    public void Matches_RandomQueriesAndTexts_AgreesWithWordByWord()
    {
        const int Seed = 62;
        Random random = new(Seed);
        int matches = 0;
        for (int round = 0; round < 50_000; round++)
        {
            string query = Words(random.Next(1, 6), () => random.Next(3) == 0 ? "* " : ", ");
            string text = Words(random.Next(8), () => random.Next(5) == 0 ? "*" : " ");
            bool any = random.Next(2) == 0;
            TextQuery compiled = TextQuery.Of(query, any ? TextMatchMode.Any : TextMatchMode.All);

            bool expected = NaiveText.Matches(text, query, any);

            Assert.True(expected == compiled.Matches(Encoding.UTF8.GetBytes(text)), $"seed {Seed}, round {round}: {query} in {text}, any {any}");
            Assert.Equal(compiled.ToString(), TextQuery.Of(compiled.ToString(), compiled.Mode).ToString());
            matches += expected ? 1 : 0;
        }

        Assert.InRange(matches, 5000, 45_000);

        // Of two letters, so that many begin with others.
        string Words(int count, Func<string> separator) => string.Concat(Enumerable.Range(0, count).Select(
            _ => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(2) == 0 ? "a" : "B")) + separator()));
    }

    [Fact]
    public void Matches_AsManyTokensAsThereCanBe_FindsTheLastOne()
    {
        string[] words = [.. Enumerable.Range(0, 4096).Select(i => $"w{i}")];
        TextQuery all = TextQuery.Of(string.Join(' ', words), TextMatchMode.All);

        Assert.True(all.Matches(Encoding.UTF8.GetBytes(string.Join('-', words))));
        Assert.False(all.Matches(Encoding.UTF8.GetBytes(string.Join('-', words[1..]))));
    }
}
