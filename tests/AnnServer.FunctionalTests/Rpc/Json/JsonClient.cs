using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>Calls as a program would make them that knows nothing of protobuf.</summary>
internal sealed class JsonClient(Uri address, string? key = null) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address };

    public Version Version { get; init; } = HttpVersion.Version11;

    /// <summary>Of every request, as in <c>grpc-timeout</c>.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public Task<JsonReply> PostAsync(string path, string body, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, body, cancellation);

    public Task<JsonReply> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, (string?)null, cancellation);

    public Task<JsonReply> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellation) =>
        SendAsync(method, path, body is null ? null : Content(Encoding.UTF8.GetBytes(body)), cancellation);

    public async Task<JsonReply> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative))
        {
            Content = content,
            Version = Version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach ((string name, string value) in Headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        string text = await response.Content.ReadAsStringAsync(cancellation);
        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/json", $"{method} {path}: {(int)response.StatusCode} {text}");
        return new JsonReply(response.StatusCode, JsonElement.Parse(text), response.Headers, response.Version);
    }

    public void Dispose() => _http.Dispose();

    public static ByteArrayContent Content(byte[] body, string type = "application/json") =>
        new(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
}
