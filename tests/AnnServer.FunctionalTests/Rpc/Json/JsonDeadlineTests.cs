using System.Net;
using System.Net.Sockets;
using System.Text;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>Calls in JSON that may take so long and no longer.</summary>
public sealed class JsonDeadlineTests(JsonDeadlineTests.LongWorkServer server) : ServerTest(server), IClassFixture<JsonDeadlineTests.LongWorkServer>
{
    [Fact]
    public async Task Deadline_PassesWhileTheCallWaits_IsAnsweredBeforeItEnds()
    {
        string path = $"/v1/collections/{await NotEmptyAsync()}/points:scroll";
        using JsonClient json = Client("200m");
        using SemaphoreSlim release = new(0);
        Task<int> blocked = BlockAsync(release);

        JsonReply passed = await json.PostAsync(path, "{}", Cancellation);

        // What it waits for is still not there.
        Assert.False(blocked.IsCompleted);
        Assert.Equal((HttpStatusCode.GatewayTimeout, StatusCode.DeadlineExceeded), (passed.Http, passed.Code));
        Assert.Equal("Deadline Exceeded", passed.Message);
        release.Release();
        await blocked;
        // The same connection serves the next.
        using JsonClient patient = Client("50S");
        Assert.Equal(HttpStatusCode.OK, (await patient.PostAsync(path, "{}", Cancellation)).Http);
    }

    [Fact]
    public async Task Deadline_PassesAmidTheBody_IsAnswered()
    {
        using TcpClient client = new(Server.HttpAddress.Host, Server.HttpAddress.Port);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                "POST /v1/server:checkpoint HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\ngrpc-timeout: 100000u\r\n\r\n{\"a\":"),
            Cancellation);

        using StreamReader answer = new(client.GetStream());

        Assert.Equal("HTTP/1.1 504 Gateway Timeout", await answer.ReadLineAsync(Cancellation));
    }

    [Theory]
    [InlineData("99999999H")]
    [InlineData("59M")]
    [InlineData("99999999m")]
    [InlineData("60000000u")]
    public async Task Deadline_FarAway_ChangesNothing(string timeout)
    {
        using JsonClient json = Client(timeout);

        Assert.Equal(HttpStatusCode.OK, (await json.GetAsync("/v1/collections", Cancellation)).Http);
    }

    [Fact]
    public async Task Deadline_ANanosecond_HasPassed()
    {
        using JsonClient json = Client("1n");

        JsonReply passed = await json.PostAsync($"/v1/collections/{await NotEmptyAsync()}/points:scroll", "{}", Cancellation);

        Assert.Equal((HttpStatusCode.GatewayTimeout, StatusCode.DeadlineExceeded), (passed.Http, passed.Code));
    }

    [Fact]
    public async Task Deadlines_ThatPassAnywhere_AreAnsweredAndNoErrorsOfTheServer()
    {
        string path = $"/v1/collections/{await NotEmptyAsync()}/points:scroll";
        int[] counts = new int[2];
        await Parallel.ForAsync(0, 400, Cancellation, async (i, cancellation) =>
        {
            using JsonClient json = Client($"{1 + (i * 10)}u");
            JsonReply reply = await json.PostAsync(path, "{}", cancellation);

            bool isMet = reply.Http == HttpStatusCode.OK;
            Assert.Equal(isMet ? 1 : (int)StatusCode.DeadlineExceeded, isMet ? reply.Body.GetProperty("points").GetArrayLength() : (int)reply.Code);
            Interlocked.Increment(ref counts[isMet ? 1 : 0]);
        });

        Assert.NotEqual(0, counts[0]);
        Assert.Equal(400, counts.Sum());
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("0m")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData("1.5S")]
    [InlineData("5s")]
    [InlineData("1S, 2S")]
    [InlineData("123456789S")]
    public async Task Deadline_ThatIsNone_IsRefusedWithWhatIsAllowed(string timeout)
    {
        using JsonClient json = Client(timeout);

        JsonReply refused = await json.GetAsync("/v1/collections", Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, StatusCode.InvalidArgument), (refused.Http, refused.Code));
        Assert.StartsWith($"grpc-timeout is '{timeout}'; allowed: ", refused.Message, StringComparison.Ordinal);
    }

    private JsonClient Client(string timeout) => new(Server.HttpAddress) { Headers = new Dictionary<string, string> { ["grpc-timeout"] = timeout } };

    private async Task<string> NotEmptyAsync()
    {
        string name = await CreateAsync();
        await UpsertAsync(name, Make.Point(1, Make.Vector(1, 2, 3, 4)));
        return name;
    }

    /// <summary>Takes the one thread for long work, on which every scroll is made here.</summary>
    private async Task<int> BlockAsync(SemaphoreSlim release) => await Server.Host.Services.GetRequiredService<LongWork>().RunAsync(
        cancellation =>
        {
            release.Wait(cancellation);
            return 0;
        },
        Cancellation);

    public sealed class LongWorkServer : ServerFixture
    {
        public LongWorkServer() => Settings = ["--Ann:JsonEnabled=true", "--Ann:LongWorkDistances=0", "--Ann:LongWorkers=1"];
    }
}
