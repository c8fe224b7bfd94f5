using System.Net;
using System.Net.Http.Headers;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Security;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>The memory that belongs to no collection, by component.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class SharedMemoryTests : IAsyncLifetime
{
    private const int Sent = 1000;

    private readonly ServerFixture _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_server.Log.TakeErrors());
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task FilterCache_FiltersThatComeAgain_AreCounted()
    {
        CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = "c", Dimension = 2, Metric = Metric.L2 } };
        await _server.Collections.CreateCollectionAsync(create, cancellationToken: Cancellation);
        Assert.Equal(0, await ComponentAsync("filter_cache"));

        SearchRequest search = new()
        {
            Collection = "c",
            Vector = Make.Vector(1, 2),
            K = 1,
            Filter = new Filter { Expression = $"a = \"{new string('x', 500)}\"" },
        };
        await _server.Points.SearchAsync(search, cancellationToken: Cancellation);

        // Its text is kept twice: as it was written and in its canonical form.
        await Eventually.HoldsAsync(async () => await ComponentAsync("filter_cache") >= 2 * 500 * sizeof(char), Cancellation);
        await _server.Collections.DeleteCollectionAsync(new DeleteCollectionRequest { Name = "c" }, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task LogAndPageStore_OpenedAndWritten_AreCounted()
    {
        Assert.Equal(32 << 20, await ComponentAsync("log"));
        CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = "c", Dimension = 2, Metric = Metric.L2 } };
        await _server.Collections.CreateCollectionAsync(create, cancellationToken: Cancellation);
        await _server.Points.UpsertAsync(new UpsertRequest { Collection = "c", Points = { Make.Point(1, Make.Vector(1, 2)) } }, cancellationToken: Cancellation);
        await _server.Admin.CheckpointAsync(new CheckpointRequest(), cancellationToken: Cancellation);

        // Its index has a MiB, and there is a page.
        await Eventually.HoldsAsync(async () => await ComponentAsync("page_store") is > 1 << 20 and < 256 << 20, Cancellation);
    }

    [Fact]
    public async Task Requests_HalfReceived_AreCountedUntilTheyAreAnswered()
    {
        using HttpClient http = new() { BaseAddress = _server.GrpcAddress };
        using HalfMessage message = new(Sent);
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri("/ann.v1.Points/Upsert", UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = message,
        };
        Task<HttpResponseMessage> call = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        await Eventually.HoldsAsync(async () => await ComponentAsync("requests") == Sent, Cancellation);
        message.End();
        using HttpResponseMessage answer = await call;
        await answer.Content.ReadAsByteArrayAsync(Cancellation);
        await Eventually.HoldsAsync(async () => await ComponentAsync("requests") == 0, Cancellation);
    }

    private Task<double?> ComponentAsync(string component) => Scrape.ValueAsync(_server, "ann_memory_shared_bytes", $"ann_component=\"{component}\"", Cancellation);

    /// <summary>The beginning of a message, with the rest to come.</summary>
    private sealed class HalfMessage : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HalfMessage(int bytes)
        {
            _bytes = new byte[bytes];
            // Not compressed, and of twice as many bytes as come.
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(1), 2 * bytes);
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        public void End() => _end.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_bytes, Cancellation);
            await stream.FlushAsync(Cancellation);
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
