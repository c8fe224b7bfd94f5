using System.Collections.Concurrent;
using System.Diagnostics;
using AnnServer.LoadGen.Overload;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests.Overload;

/// <summary>Frames of our own against a server that is not ours.</summary>
public sealed class RawConnectionTests : IDisposable
{
    private const string Search = "/ann.v1.Points/Search";
    private const string UpsertStream = "/ann.v1.Points/UpsertStream";

    private readonly ConcurrentQueue<CallOutcome> _ended = new();
    private readonly SemaphoreSlim _endedCount = new(0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(Fault.None), Search, nameof(CallOutcome.Accepted))]
    [InlineData(nameof(Fault.RefusesSearches), Search, nameof(CallOutcome.Refused))]
    [InlineData(nameof(Fault.None), "/ann.v1.Points/Walk", nameof(CallOutcome.Other))]
    public async Task TrySend_ManyCalls_EndAsTheServerSays(string fault, string path, string outcome)
    {
        const int calls = 500;
        const int together = 50;
        await using InMemoryServer server = await InMemoryServer.StartAsync(fault: Enum.Parse<Fault>(fault));
        await using RawConnection connection = await OpenAsync(server, TimeSpan.FromMinutes(1));
        RequestImage request = new(Authority(server), path, TimeSpan.FromMinutes(1), RequestImage.Frame(NewSearch(dimension: 8)));

        for (int sent = 0; sent < calls; sent++)
        {
            if (sent >= together)
                await _endedCount.WaitAsync(Cancellation);
            Assert.True(connection.TrySend(request, Stopwatch.GetTimestamp()));
            connection.Flush();
        }
        for (int left = 0; left < together; left++)
            await _endedCount.WaitAsync(Cancellation);

        Assert.Equal(Enumerable.Repeat(Enum.Parse<CallOutcome>(outcome), calls), _ended);
        Assert.False(connection.IsOver);
    }

    [Fact]
    public async Task TrySend_MessageOfManyFrames_Arrives()
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync();
        await using RawConnection connection = await OpenAsync(server, TimeSpan.FromMinutes(1));
        RequestImage request = new(Authority(server), Search, null, RequestImage.Frame(NewSearch(dimension: 10_000)));

        while (!connection.TrySend(request, Stopwatch.GetTimestamp()))
            await Task.Delay(1, Cancellation);
        connection.Flush();
        await _endedCount.WaitAsync(Cancellation);

        Assert.Equal([CallOutcome.Accepted], _ended);
    }

    [Fact]
    public async Task Expire_CallThatIsNotAnswered_IsGivenUpAndTheConnectionGoesOn()
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync();
        await using RawConnection connection = await OpenAsync(server, TimeSpan.FromSeconds(1));
        byte[] half = RequestImage.Frame(new UpsertRequest { Collection = "c" })[..3];
        long due = Stopwatch.GetTimestamp();
        Assert.True(connection.TrySend(new RequestImage(Authority(server), UpsertStream, null, half, isWhole: false), due));
        connection.Flush();

        connection.Expire(due + Stopwatch.Frequency);
        Assert.Empty(_ended);
        connection.Expire(due + (2 * Stopwatch.Frequency));
        Assert.Equal([CallOutcome.DeadlineExceeded], _ended);

        Assert.True(connection.TrySend(new RequestImage(Authority(server), Search, null, RequestImage.Frame(NewSearch(8))), due));
        connection.Flush();
        await _endedCount.WaitAsync(Cancellation);
        await _endedCount.WaitAsync(Cancellation);
        Assert.Equal([CallOutcome.DeadlineExceeded, CallOutcome.Accepted], _ended);
    }

    [Fact]
    public async Task TrySend_ServerIsGone_CallsEndAndNoneIsTaken()
    {
        InMemoryServer server = await InMemoryServer.StartAsync();
        await using RawConnection connection = await OpenAsync(server, TimeSpan.FromMinutes(1));
        RequestImage stalled = new(Authority(server), UpsertStream, null, new byte[3], isWhole: false);
        Assert.True(connection.TrySend(stalled, Stopwatch.GetTimestamp()));
        connection.Flush();

        await server.DisposeAsync();
        await _endedCount.WaitAsync(Cancellation);
        // The server ends the call first and the connection after it.
        for (int waited = 0; !connection.IsOver && waited < 10_000; waited += 10)
            await Task.Delay(10, Cancellation);

        Assert.Equal([CallOutcome.Other], _ended);
        Assert.False(connection.TrySend(stalled, Stopwatch.GetTimestamp()));
    }

    public void Dispose()
    {
        _endedCount.Dispose();
    }

    private Task<RawConnection> OpenAsync(InMemoryServer server, TimeSpan deadline) => RawConnection.OpenAsync(
        new Uri(server.Address),
        deadline,
        (outcome, _) =>
        {
            _ended.Enqueue(outcome);
            _endedCount.Release();
        },
        Cancellation);

    private static string Authority(InMemoryServer server) => new Uri(server.Address).Authority;

    private static SearchRequest NewSearch(int dimension) => new()
    {
        Collection = "c",
        Vector = PackedVectors.FromSingles(new float[dimension]),
        K = 1,
    };
}
