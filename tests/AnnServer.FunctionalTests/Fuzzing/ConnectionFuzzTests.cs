using AnnServer.Testing;
using AnnServer.Testing.Fuzzing;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// Connections that are sent damaged HTTP/2, floods of it, and what is none: the server lives, says at no time that the fault is its own,
/// answers others as it should meanwhile, and has no connection left in the end.
/// </summary>
public sealed class ConnectionFuzzTests
{
    private const int AtOnce = 32;
    private const int ConnectionsBetweenCalls = 100;

    private static readonly int Inputs = LaboratoryVariables.Number("ANN_FUZZ_CONNECTIONS", 1000);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connections_SentDamagedFrames_AreEndedAndLeaveNothingBehind()
    {
        await using FuzzedServer server = await FuzzedServer.StartAsync(Cancellation);
        using WrittenPoints written = new(server.Channel);
        await written.StartAsync(Cancellation);
        int before = await server.ConnectionsAsync(Cancellation);
        FuzzRun run = new("connections", Inputs, server.ResidentBytes);

        await run.ForEachAsync(
            AtOnce,
            async (index, stop) =>
            {
                Random random = FuzzRun.RandomOf(index);
                string outcome = await FuzzedConnection.RunAsync(server.GrpcAddress, random, stop);
                server.AssertSound();
                if (index % ConnectionsBetweenCalls == 0)
                {
                    await written.AnswersAsync(stop);
                }

                return outcome;
            },
            Cancellation);

        await written.CheckAsync(Cancellation);
        while (await server.ConnectionsAsync(Cancellation) != before)
        {
            // It hears of the last ones a moment after they were left; if it never does, the run is ended from outside.
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }

        string report = await run.EndAsync(Cancellation);
        await server.StopAsync(Cancellation);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.Equal(1, before);
        Assert.True(Inputs < 1000 || run.Count("accepted") > Inputs / 100, "Hardly a connection is answered.");
    }

    [Fact]
    public void Judge_ServerThatSaysInternalError_Fails()
    {
        byte[] reset = new Http2Frame(Http2Frame.ResetStream, 0, 1, [0, 0, 0, 2]).ToBytes();

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => FuzzedConnection.Judge(reset));
    }
}
