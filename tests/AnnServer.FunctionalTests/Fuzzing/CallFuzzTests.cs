using AnnServer.Testing;
using AnnServer.Testing.Fuzzing;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// Calls of every method, wrong in their messages and around them, over HTTP/2 to a server that is a process of its own: each has an answer
/// that is the caller's fault, what was refused has changed nothing, and the server lives on and logs no error.
/// </summary>
public sealed class CallFuzzTests
{
    private const int AtOnce = 16;

    private static readonly int Inputs = LaboratoryVariables.Number("ANN_FUZZ_CALLS", 3000);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_DamagedInAllWays_AreAnsweredAndChangeNothingThatIsRefused()
    {
        await using FuzzedServer server = await FuzzedServer.StartAsync(Cancellation);
        using WrittenPoints written = new(server.Channel);
        await written.StartAsync(Cancellation);
        using HttpMessageInvoker sound = Connect();
        // Headers that cannot be read end a connection, and every call on it: those have connections of their own.
        using HttpMessageInvoker suspect = Connect();
        using HttpMessageInvoker writing = Connect();
        CallInputs inputs = new();
        FuzzRun run = new("calls", Inputs, server.ResidentBytes);

        await run.ForEachAsync(
            AtOnce,
            async (index, stop) =>
            {
                CallInput call = inputs.Next(FuzzRun.RandomOf(index));
                bool isSuspect = call.Fault is CallFault.Headers or CallFault.Path or CallFault.Verb or CallFault.Timeout;
                CallOutcome outcome = call.Writes
                    ? await written.WriteAsync(call, () => CallOutcome.SendAsync(writing, server.GrpcAddress, call, stop), stop)
                    : await CallOutcome.SendAsync(isSuspect ? suspect : sound, server.GrpcAddress, call, stop);
                server.AssertSound();
                return outcome.Judge(call);
            },
            Cancellation);

        await written.CheckAsync(Cancellation);
        string report = await run.EndAsync(Cancellation);
        await server.StopAsync(Cancellation);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.True(Inputs < 1000 || run.Count("accepted") > Inputs / 20, "Hardly a call is accepted.");
        Assert.True(Inputs < 1000 || run.Count("accepted") < Inputs * 3 / 4, "Hardly a call is refused.");
    }

    [Theory]
    [InlineData(StatusCode.Unknown, "Exception was thrown by handler.")]
    [InlineData(StatusCode.Internal, "Something else.")]
    public void Judge_AnswerThatIsTheServersFault_Fails(StatusCode status, string detail)
    {
        CallInput call = new(Protocol.V1.PointsReflection.Descriptor.Services[0].Methods[0], "/ann.v1.Points/Upsert", [], CallFault.Framing);
        CallOutcome outcome = new(System.Net.HttpStatusCode.OK, status, detail, []);

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => outcome.Judge(call));
    }

    private static HttpMessageInvoker Connect() => new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        AllowAutoRedirect = false,
        UseCookies = false,
        RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.Latin1,
    });
}
