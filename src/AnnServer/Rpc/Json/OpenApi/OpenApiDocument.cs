using System.Text.Json.Nodes;
using AnnServer.Hosting;
using Google.Protobuf.Reflection;

namespace AnnServer.Rpc.Json.OpenApi;

/// <summary>The calls in JSON as an OpenAPI document, made of the descriptors and annotations that the calls themselves are made of.</summary>
internal static class OpenApiDocument
{
    public const string Path = "/openapi/v1.json";

    private const string Timeout = "Timeout";

    private const string About =
        "Vector search. The unary calls of ann.v1 in the JSON form of protobuf: names of fields in lowerCamelCase (requests may have them as in the "
        + "protos), 64-bit integers as strings (requests may have numbers), bytes in base64. Requests may be compressed (`content-encoding: gzip`), answers "
        + "are where `accept-encoding` says so. Streams are over gRPC only.";

    public static IEndpointConventionBuilder MapOpenApi(this IEndpointRouteBuilder app, ServerOptions options)
    {
        Lazy<string> document = new(() => Make(options.HasAuthentication).ToJsonString());
        return app.MapGet(Path, (RequestDelegate)(context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(document.Value, context.RequestAborted);
        }));
    }

    /// <param name="asks">Callers are asked who they are.</param>
    public static JsonObject Make(bool asks)
    {
        MessageSchemas schemas = new();
        JsonObject error = Answer("What is wrong, in `code` (of google.rpc.Code), `message` and `details`.", schemas.Of(Google.Rpc.Status.Descriptor));
        JsonObject paths = [];
        foreach (HttpBinding binding in HttpBinding.All)
        {
            if (paths[binding.Path] is not JsonObject path)
            {
                paths.Add(binding.Path, path = []);
            }

            path.Add(binding.Verb.ToLowerInvariant(), Operation(binding, schemas));
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.3",
            ["info"] = new JsonObject { ["title"] = "AnnServer", ["version"] = ServerVersion.Text, ["description"] = About },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = new JsonArray([.. HttpBinding.All.Select(static binding => binding.Method.Service).Distinct().Select(Tag)]),
            ["security"] = asks ? new JsonArray(Needs("bearer"), Needs("key")) : [],
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.Components,
                ["responses"] = new JsonObject { ["Error"] = error },
                ["parameters"] = new JsonObject { [Timeout] = TimeoutHeader() },
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "An API key or a JSON Web Token." },
                    ["key"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "x-api-key" },
                },
            },
        };
    }

    private static JsonObject Operation(HttpBinding binding, MessageSchemas schemas)
    {
        MethodDescriptor method = binding.Method;
        JsonObject operation = new()
        {
            ["operationId"] = $"{method.Service.Name}_{method.Name}",
            ["tags"] = new JsonArray(method.Service.Name),
        };
        Describe(operation, method.FullName);
        operation["parameters"] = new JsonArray(
            [.. binding.PathFields.Select(field => Parameter(field, schemas)), new JsonObject { ["$ref"] = $"#/components/parameters/{Timeout}" }]);
        if (binding.HasBody)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = Json(schemas.Of(binding.BodyField?.MessageType ?? method.InputType)),
            };
        }

        operation["responses"] = new JsonObject
        {
            ["200"] = Answer("Done.", schemas.Of(method.OutputType)),
            ["default"] = new JsonObject { ["$ref"] = "#/components/responses/Error" },
        };
        return operation;
    }

    private static JsonObject Parameter(FieldDescriptor field, MessageSchemas schemas) =>
        new() { ["name"] = field.Name, ["in"] = "path", ["required"] = true, ["schema"] = schemas.Of(field) };

    private static JsonObject TimeoutHeader() => new()
    {
        ["name"] = CallDeadline.Header,
        ["in"] = "header",
        ["description"] =
            "How long the call may take, as in gRPC: digits and a unit, `H`, `M`, `S`, `m` (thousandths), `u` or `n` of a second. Afterwards the answer is "
            + "the error 504, DEADLINE_EXCEEDED.",
        ["schema"] = new JsonObject { ["type"] = "string", ["pattern"] = CallDeadline.Pattern },
        ["example"] = "500m",
    };

    private static JsonObject Tag(Google.Protobuf.Reflection.ServiceDescriptor service)
    {
        JsonObject tag = new() { ["name"] = service.Name };
        Describe(tag, service.FullName);
        return tag;
    }

    private static void Describe(JsonObject target, string name)
    {
        if (ProtoComments.Of(name) is { } comment)
        {
            target["description"] = comment;
        }
    }

    private static JsonObject Needs(string scheme) => new() { [scheme] = new JsonArray() };

    private static JsonObject Answer(string description, JsonObject schema) => new() { ["description"] = description, ["content"] = Json(schema) };

    private static JsonObject Json(JsonObject schema) => new() { ["application/json"] = new JsonObject { ["schema"] = schema } };
}
