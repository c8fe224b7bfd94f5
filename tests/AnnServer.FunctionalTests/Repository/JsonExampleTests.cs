using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Rpc.Json;

namespace AnnServer.FunctionalTests.Repository;

/// <summary>The calls in JSON that README.md shows do what it says, one after another.</summary>
public sealed partial class JsonExampleTests(JsonServer server) : ServerTest(server), IClassFixture<JsonServer>
{
    [Fact]
    public async Task Readme_CallsInJson_AreAnswered()
    {
        string section = Checkout.Text("README.md").Split("\n## JSON\n")[1].Split("\n## ")[0];
        using JsonClient json = new(Server.HttpAddress);
        List<JsonElement> answers = [];
        foreach (Match call in Curl().Matches(section))
        {
            JsonReply reply = await json.PostAsync(call.Groups["path"].Value, call.Groups["body"].Value, Cancellation);
            Assert.True(reply.Http == HttpStatusCode.OK, $"{call.Value}: {reply.Body}");
            answers.Add(reply.Body);
        }

        Assert.Equal(3, answers.Count);
        Assert.Equal("alien", Assert.Single(answers[2].GetProperty("hits").EnumerateArray()).GetProperty("id").GetProperty("key").GetString());
    }

    [GeneratedRegex("""^curl 127\.0\.0\.1:8080(?<path>\S+) --json '(?<body>[^']*)'$""", RegexOptions.Multiline)]
    private static partial Regex Curl();
}
