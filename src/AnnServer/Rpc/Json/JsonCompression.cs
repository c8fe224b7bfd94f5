using AnnServer.Hosting;
using AnnServer.Rpc.Json.OpenApi;

namespace AnnServer.Rpc.Json;

/// <summary>
/// Compression of calls in JSON, as HTTP has it: of requests, which count as what they decompress to, and of answers to those that accept it.
/// </summary>
internal static class JsonCompression
{
    public static void AddJsonCompression(this IServiceCollection services, ServerOptions options)
    {
        if (!options.JsonEnabled)
        {
            return;
        }

        // What gRPC takes.
        services.AddRequestDecompression(static requests => requests.DecompressionProviders.Remove("br"));
        // Over TLS the length of an answer tells something of it to who can read the network and have a client ask again and again for what he
        // chooses (BREACH). Pages in a browser cannot: no credentials are sent by themselves but certificates, and no page of another origin may
        // send JSON. What else asks on behalf of strangers can do without.
        services.AddResponseCompression(static answers => answers.EnableForHttps = true);
    }

    /// <summary>Before what counts bytes of requests.</summary>
    public static void UseJsonCompression(this WebApplication app, ServerOptions options)
    {
        if (options.JsonEnabled)
        {
            app.UseWhen(
                static context => context.IsJson() || context.Request.Path == OpenApiDocument.Path,
                static json => json.UseResponseCompression().UseRequestDecompression());
        }
    }
}
