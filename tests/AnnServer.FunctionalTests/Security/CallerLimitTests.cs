using System.Security.Cryptography;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;

namespace AnnServer.FunctionalTests.Security;

/// <summary>
/// Requests a second and calls at once of each caller. A rate of one in a thousand seconds gives nothing back while a test runs, so that
/// what may be asked is counted and not timed.
/// </summary>
[Collection(nameof(OneServerAtATime))]
public sealed class CallerLimitTests() : KeyedServerTests(TestKeys.Entry("a", A, "write"), TestKeys.Entry("b", B, "write"), RootEntry)
{
    private const string A = "key-a";
    private const string B = "key-b";
    private const string Root = "key-root";
    private const int Burst = 3;

    private static readonly string[] Rate = ["--Ann:RequestsPerSecondPerCaller=0.001", $"--Ann:RequestBurstPerCaller={Burst}"];
    private static readonly string RootEntry = TestKeys.Entry("root", Root, "admin", limits: "\"requests_per_second\": 0, \"max_calls_in_flight\": 0");
    private static readonly SearchRequest Search = new() { Collection = "c", Vector = Make.Vector(1, 2), K = 1 };

    [Fact]
    public async Task Rate_MoreThanTheBurst_IsRefusedToThatCallerAlone()
    {
        await StartAsync(Rate);

        await ExhaustAsync(A, Burst);
        await ExhaustAsync(B, Burst);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => SearchAsync(A));
        Assert.Contains("'a' has made as many requests as it may, 0.001 a second and 3 at once (Ann:RequestsPerSecondPerCaller", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(Duration.FromTimeSpan(TimeSpan.FromSeconds(1)), refused.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay);
        // Two bursts that ended in a refusal each, and the one just now.
        await Eventually.HoldsAsync(async () => await RefusedAsync("caller_rate") == 3, Cancellation);
        Assert.Equal(0, await RefusedAsync("caller_calls"));
        string text = await Scrape.TextAsync(Server, Cancellation);
        Assert.DoesNotContain(
            text.Split('\n'), static line => line.StartsWith("ann_calls_refused", StringComparison.Ordinal) && line.Contains("\"a\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rate_MessageOfNoUse_IsRefusedBeforeItIsRead()
    {
        await StartAsync(Rate);
        await ExhaustAsync(A, Burst);

        Grpc.Core.Status status = await RawCall.EndAsync(
            Server.Channel, Points.Descriptor.FindMethodByName("Upsert"), [0xff, 0xff, 0xff], TestKeys.Headers(A), Cancellation);

        Assert.Equal(StatusCode.ResourceExhausted, status.StatusCode);
    }

    [Fact]
    public async Task Rate_HealthReflectionAndMetrics_AreNotLimited()
    {
        await StartAsync(Rate);
        await ExhaustAsync(A, Burst);

        for (int i = 0; i < 2 * Burst; i++)
        {
            var health = new Health.HealthClient(Server.Channel);
            HealthCheckResponse answer = await health.CheckAsync(new HealthCheckRequest(), TestKeys.Headers(A), cancellationToken: Cancellation);
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
            using var reflection = new ServerReflection.ServerReflectionClient(Server.Channel).ServerReflectionInfo(TestKeys.Headers(A), cancellationToken: Cancellation);
            await reflection.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancellation);
            Assert.True(await reflection.ResponseStream.MoveNext(Cancellation));
            Assert.NotEmpty(await Scrape.TextAsync(Server, Cancellation));
        }
    }

    [Fact]
    public async Task Rate_TwoKeysOfOneName_ShareIt()
    {
        Keys.Write(TestKeys.Entry("a", A, "write"), TestKeys.Entry("a", B, "write"), RootEntry);
        await StartAsync(Rate);

        await ExhaustAsync(A, Burst);

        await ExhaustAsync(B, 0);
    }

    [Fact]
    public async Task Rate_OfTheKey_TakesThePlaceOfThatOfTheServer()
    {
        Keys.Write(TestKeys.Entry("a", A, "write", limits: "\"request_burst\": 7"), TestKeys.Entry("b", B, "write"), RootEntry);
        await StartAsync(Rate);

        await ExhaustAsync(A, 7);
        await ExhaustAsync(B, Burst);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(await MaySearchAsync(Root));
        }
    }

    [Fact]
    public async Task Rate_OnlyOfAKey_NeedsNoneOfTheServer()
    {
        Keys.Write(TestKeys.Entry("a", A, "write", limits: "\"requests_per_second\": 0.001"), TestKeys.Entry("b", B, "write"), RootEntry);
        await StartAsync();

        // The burst of a rate below one is one.
        await ExhaustAsync(A, 1);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(await MaySearchAsync(B));
        }
    }

    [Fact]
    public async Task Reload_OtherLimits_HoldAtOnceAndWhoHasTheSameStaysExhausted()
    {
        await StartAsync(Rate);
        await ExhaustAsync(A, Burst);
        await ExhaustAsync(B, Burst);

        Keys.Write(TestKeys.Entry("a", A, "write", limits: "\"request_burst\": 5"), TestKeys.Entry("b", B, "write"), RootEntry);
        await Eventually.HoldsAsync(() => MaySearchAsync(A), Cancellation);

        await ExhaustAsync(A, 4);
        await ExhaustAsync(B, 0);
    }

    [Theory]
    [InlineData("\"requests_per_second\": -1", "keys[0].requests_per_second is -1; allowed: 0 to 1000000")]
    [InlineData("\"request_burst\": 2000000", "keys[0].request_burst is 2000000; allowed: 0 to 1000000")]
    [InlineData("\"max_calls_in_flight\": -1", "keys[0].max_calls_in_flight is -1; allowed: 0 to 1000000")]
    public async Task Start_KeyWithALimitThatIsNone_SaysWhatIsAllowed(string limits, string fault)
    {
        Keys.Write(TestKeys.Entry("a", A, "write", limits: limits));

        var refused = await Assert.ThrowsAsync<AnnServer.Hosting.SettingsException>(() => StartServerAsync());

        Assert.Contains(fault, Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rate_TimePasses_GivesRequestsBack()
    {
        await StartAsync("--Ann:RequestsPerSecondPerCaller=5", "--Ann:RequestBurstPerCaller=1");
        Assert.True(await MaySearchAsync(A));

        // More than a bucket ever holds.
        for (int i = 0; i < 3; i++)
        {
            await Eventually.HoldsAsync(() => MaySearchAsync(A), Cancellation);
        }
    }

    [Fact]
    public async Task Rate_HighWithASmallBurst_IsThatRate()
    {
        await StartAsync("--Ann:RequestsPerSecondPerCaller=1000000", "--Ann:RequestBurstPerCaller=1");

        // No call takes as little as a microsecond.
        for (int i = 0; i < 50; i++)
        {
            Assert.True(await MaySearchAsync(A));
        }
    }

    [Fact]
    public async Task Rate_MessagesOfAStream_TakeOneEachAndTheFirstIsThatOfTheCall()
    {
        await StartAsync(Rate);
        using var searches = Server.Points.SearchStream(TestKeys.Headers(A), cancellationToken: Cancellation);
        for (int i = 0; i < Burst; i++)
        {
            await searches.RequestStream.WriteAsync(Search, Cancellation);
            Assert.True(await searches.ResponseStream.MoveNext(Cancellation));
        }

        await searches.RequestStream.WriteAsync(Search, Cancellation);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => searches.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.NotNull(refused.GetRpcStatus()?.GetDetail<RetryInfo>());
        await ExhaustAsync(A, 0);
    }

    [Fact]
    public async Task Rate_UpsertsOfAStreamBeforeTheOneTooMany_AreAnsweredAndStand()
    {
        await StartAsync(Rate);
        using var upserts = Server.Points.UpsertStream(TestKeys.Headers(A), cancellationToken: Cancellation);
        for (ulong i = 0; i <= Burst; i++)
        {
            await upserts.RequestStream.WriteAsync(new UpsertRequest { Collection = "c", Points = { Make.Point(i, Make.Vector(1, 2)) } }, Cancellation);
        }

        for (int i = 0; i < Burst; i++)
        {
            Assert.True(await upserts.ResponseStream.MoveNext(Cancellation));
        }

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => upserts.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        CountResponse count = await Server.Points.CountAsync(new CountRequest { Collection = "c" }, TestKeys.Headers(Root), cancellationToken: Cancellation);
        Assert.Equal((ulong)Burst, count.Count);
    }

    [Fact]
    public async Task Stream_LimitsOfItsKeyChange_HoldForItsNextMessage()
    {
        Keys.Write(TestKeys.Entry("a", A, "write", limits: "\"requests_per_second\": 0"), TestKeys.Entry("b", B, "write"), RootEntry);
        await StartAsync(Rate);
        using var searches = Server.Points.SearchStream(TestKeys.Headers(A), cancellationToken: Cancellation);
        for (int i = 0; i < 10; i++)
        {
            await searches.RequestStream.WriteAsync(Search, Cancellation);
            Assert.True(await searches.ResponseStream.MoveNext(Cancellation));
        }

        Keys.Write(TestKeys.Entry("a", A, "write"), RootEntry);
        await Eventually.HoldsAsync(async () => !await MaySearchAsync(B), Cancellation);
        for (int i = 0; i < Burst; i++)
        {
            await searches.RequestStream.WriteAsync(Search, Cancellation);
            Assert.True(await searches.ResponseStream.MoveNext(Cancellation));
        }

        await searches.RequestStream.WriteAsync(Search, Cancellation);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => searches.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Fact]
    public async Task Calls_MoreThanMayBeAtOnce_AreRefusedToThatCallerAlone()
    {
        await StartAsync("--Ann:MaxCallsInFlightPerCaller=2");
        using var first = await OpenAsync(A);
        using var second = await OpenAsync(A);

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => SearchAsync(A));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("2 calls of 'a' are being answered already, which is all that it may have at once (Ann:MaxCallsInFlightPerCaller", refused.Status.Detail, StringComparison.Ordinal);
        Assert.NotNull(refused.GetRpcStatus()?.GetDetail<RetryInfo>());
        Assert.True(await MaySearchAsync(B));
        await Eventually.HoldsAsync(async () => await RefusedAsync("caller_calls") == 1, Cancellation);

        await first.RequestStream.CompleteAsync();
        Assert.False(await first.ResponseStream.MoveNext(Cancellation));
        // Given back when the call has been answered, which the client may hear of a moment earlier.
        await Eventually.HoldsAsync(() => MaySearchAsync(A), Cancellation);
    }

    [Fact]
    public async Task Calls_OfTheKey_TakeThePlaceOfThoseOfTheServer()
    {
        Keys.Write(TestKeys.Entry("a", A, "write", limits: "\"max_calls_in_flight\": 1"), TestKeys.Entry("b", B, "write"), RootEntry);
        await StartAsync("--Ann:MaxCallsInFlightPerCaller=2");
        using var a = await OpenAsync(A);
        using var b = await OpenAsync(B);
        using var root = await OpenAsync(Root);
        using var more = await OpenAsync(Root);

        Assert.False(await MaySearchAsync(A));
        Assert.True(await MaySearchAsync(B));
        Assert.True(await MaySearchAsync(Root));
    }

    [Fact]
    public async Task Rate_Tokens_AreLimitedByTheirSubject()
    {
        using TempDirectory directory = new();
        using RSA signing = RSA.Create(2048);
        string signingKeys = Path.Combine(directory.Path, "jwks.json");
        await File.WriteAllTextAsync(signingKeys, TestToken.KeySet(signing), Cancellation);
        await StartAsync(
            [
                .. Rate, $"--Ann:Auth:Jwt:Issuer={TestToken.Issuer}", $"--Ann:Auth:Jwt:Audience={TestToken.Audience}", $"--Ann:Auth:Jwt:KeysPath={signingKeys}",
            ]);
        var other = TestToken.Claims("read");
        other["sub"] = "a";

        await ExhaustAsync(TestToken.Sign(signing, TestToken.Claims("read")), Burst);
        await ExhaustAsync(TestToken.Sign(signing, TestToken.Claims("write")), 0);
        await ExhaustAsync(TestToken.Sign(signing, other), Burst);
        // Of the same name, and not the same caller.
        await ExhaustAsync(A, Burst);
    }

    [Fact]
    public async Task Rate_NobodyIsAsked_AddressesAreLimited()
    {
        Server.Settings = Rate;
        await Server.StartAsync();
        for (int i = 0; i < Burst; i++)
        {
            await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation);
        }

        RpcException refused = await Assert.ThrowsAsync<RpcException>(
            async () => await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.StartsWith("'127.0.0.1' has made", refused.Status.Detail, StringComparison.Ordinal);
    }

    /// <summary>Searches until one is refused, and requires that so many were not.</summary>
    private async Task ExhaustAsync(string credentials, int most)
    {
        int answered = 0;
        while (answered <= most && await MaySearchAsync(credentials))
        {
            answered++;
        }

        Assert.Equal(most, answered);
    }

    private async Task<bool> MaySearchAsync(string credentials)
    {
        try
        {
            await SearchAsync(credentials);
            return true;
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.ResourceExhausted or StatusCode.Unauthenticated)
        {
            return false;
        }
    }

    private Task<SearchResponse> SearchAsync(string credentials) =>
        Server.Points.SearchAsync(Search, TestKeys.Headers(credentials), cancellationToken: Cancellation).ResponseAsync;

    /// <summary>A call that has been let in and goes on.</summary>
    private async Task<AsyncDuplexStreamingCall<SearchRequest, SearchResponse>> OpenAsync(string credentials)
    {
        var call = Server.Points.SearchStream(TestKeys.Headers(credentials), cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(Search, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        return call;
    }

    private Task<double?> RefusedAsync(string reason) => Scrape.ValueAsync(Server, "ann_calls_refused_total", $"ann_reason=\"{reason}\"", Cancellation);

    private async Task StartAsync(params string[] settings)
    {
        await StartServerAsync(settings);
        CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = "c", Dimension = 2, Metric = Metric.L2 } };
        await Server.Collections.CreateCollectionAsync(create, TestKeys.Headers(Root), cancellationToken: Cancellation);
    }
}
