using AnnServer.Hosting;
using AnnServer.Rpc.Json.OpenApi;
using Grpc.AspNetCore.Server;

namespace AnnServer.Rpc.Json;

/// <summary>The unary rpcs as JSON over HTTP, by their annotations. Each leads to the endpoint that gRPC has, so there is one of everything.</summary>
internal static class JsonEndpoints
{
    /// <summary>After the gRPC services.</summary>
    public static void MapJson(this WebApplication app, ServerOptions options)
    {
        if (!options.JsonEnabled)
        {
            return;
        }

        Dictionary<string, Endpoint> rpcs = [];
        foreach (Endpoint endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(static source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is { } rpc)
            {
                rpcs.Add(rpc.Method.FullName, endpoint);
            }
        }

        TimeProvider time = app.Services.GetRequiredService<TimeProvider>();
        foreach (HttpBinding binding in HttpBinding.All)
        {
            Endpoint rpc = rpcs[binding.Rpc];
            JsonCall call = new(binding, rpc, options.MaxMessageBytes, time);
            // The method is what callers are asked their rights for, and counted by; a full server refuses what takes turns unread.
            app.MapMethods(binding.Path, [binding.Verb], (RequestDelegate)call.InvokeAsync)
                .WithMetadata([binding, rpc.Metadata.GetRequiredMetadata<GrpcMethodMetadata>(), .. rpc.Metadata.OfType<TakesTurns>()])
                .WithDisplayName($"JSON - {binding.Rpc}");
        }

        IEndpointConventionBuilder document = app.MapOpenApi(options);
        // It says what reflection says.
        if (options.Auth.OpenReflection)
        {
            document.AllowAnonymous();
        }
    }

    /// <summary>Whether the call is one of JSON, and so wants its errors in JSON.</summary>
    public static bool IsJson(this HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<HttpBinding>() is not null;
}
