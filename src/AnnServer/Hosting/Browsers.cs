using Grpc.AspNetCore.Web;

namespace AnnServer.Hosting;

/// <summary>
/// gRPC-Web, for clients that cannot speak HTTP/2 frames themselves, and CORS, for those that run in a page of another origin, over
/// gRPC-Web or in JSON. Both are off unless the settings say otherwise.
/// </summary>
internal static class Browsers
{
    // What a page may read of an answer: the status travels in headers when there is nothing else.
    private static readonly string[] Exposed = ["Grpc-Status", "Grpc-Message", "Grpc-Encoding", "Grpc-Accept-Encoding", "grpc-status-details-bin", "Retry-After"];

    public static void AddBrowsers(this IServiceCollection services, ServerOptions options)
    {
        if (options.CorsOrigins is null)
        {
            return;
        }

        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(options.CorsOrigins.Split(',', StringSplitOptions.TrimEntries))
            .AllowAnyHeader()
            .WithMethods(options.JsonEnabled ? ["POST", "GET", "PATCH", "DELETE"] : ["POST"])
            .WithExposedHeaders(Exposed)));
    }

    public static void UseBrowsers(this WebApplication app, ServerOptions options)
    {
        if (options.GrpcWeb)
        {
            app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
        }

        if (options.CorsOrigins is not null)
        {
            app.UseCors();
        }
    }
}
