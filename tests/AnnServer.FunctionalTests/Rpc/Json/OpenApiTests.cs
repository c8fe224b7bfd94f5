using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Api;
using Google.Protobuf.Reflection;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>/openapi/v1.json: of the structure of OpenAPI 3, complete, and true.</summary>
public sealed class OpenApiTests(JsonServer server) : ServerTest(server), IClassFixture<JsonServer>
{
    private static readonly string[] Verbs = ["get", "post", "patch", "delete", "put", "head", "options", "trace"];

    [Fact]
    public async Task Document_ByItsStructure_IsOpenApi3()
    {
        JsonElement document = await ReadAsync();

        Assert.StartsWith("3.0.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.NotEqual("", document.GetProperty("info").GetProperty("title").GetString());
        Assert.NotEqual("", document.GetProperty("info").GetProperty("version").GetString());
        string[] references = [.. All(document).Where(static member => member.Name == "$ref").Select(static member => member.Value.GetString()!)];
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.Equal(JsonValueKind.Object, Resolve(document, reference).ValueKind));
        // Every schema is used, has one of the types that there are, and may be named as it is.
        JsonElement schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.All(schemas.EnumerateObject(), schema =>
        {
            Assert.Contains($"#/components/schemas/{schema.Name}", references);
            Assert.Matches("^[a-zA-Z0-9._-]+$", schema.Name);
        });
        Assert.All(
            All(schemas).Where(static member => member.Name == "type" && member.Value.ValueKind == JsonValueKind.String),
            static type => Assert.Contains(type.Value.GetString(), new[] { "object", "array", "string", "number", "integer", "boolean" }));
    }

    [Fact]
    public async Task Paths_AndTheAnnotations_AreTheSame()
    {
        JsonElement document = await ReadAsync();
        Dictionary<string, JsonElement> operations = [];
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                Assert.Contains(operation.Name, Verbs);
                operations.Add($"{operation.Name} {path.Name}", operation.Value);
                string[] declared =
                [
                    .. operation.Value.TryGetProperty("parameters", out JsonElement parameters)
                        ? parameters.EnumerateArray().Where(static parameter => !parameter.TryGetProperty("$ref", out _)).Select(static parameter => $"{{{parameter.GetProperty("name").GetString()}}}")
                        : [],
                ];
                Assert.Equal(path.Name.Split('/', ':').Where(static part => part.StartsWith('{')), declared);
                JsonElement deadline = Resolve(document, parameters.EnumerateArray().Last().GetProperty("$ref").GetString()!);
                Assert.Equal(("grpc-timeout", "header"), (deadline.GetProperty("name").GetString(), deadline.GetProperty("in").GetString()));
                Assert.Matches(deadline.GetProperty("schema").GetProperty("pattern").GetString()!, deadline.GetProperty("example").GetString());
            }
        }

        MethodDescriptor[] methods = [.. HttpAnnotationTests.Methods.Where(static method => !method.IsClientStreaming)];
        Assert.Equal(
            methods.Select(static method => Key(HttpAnnotationTests.Rule(method)!)).Order(StringComparer.Ordinal), operations.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(operations.Count, operations.Values.Select(static operation => operation.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(methods, method =>
        {
            JsonElement operation = operations[Key(HttpAnnotationTests.Rule(method)!)];
            Assert.Equal($"{method.Service.Name}_{method.Name}", operation.GetProperty("operationId").GetString());
            Assert.Equal($"#/components/schemas/{method.OutputType.FullName}", Schema(operation.GetProperty("responses").GetProperty("200")).GetProperty("$ref").GetString());
            Assert.Equal(HttpAnnotationTests.Rule(method)!.Body.Length > 0, operation.TryGetProperty("requestBody", out _));
        });
    }

    [Fact]
    public async Task Schemas_OfMessages_AreInTheJsonFormOfProtobuf()
    {
        JsonElement document = await ReadAsync();

        JsonElement id = Properties(document, "ann.v1.PointId");
        Assert.Equal(("string", "uint64"), Type(id.GetProperty("num")));
        JsonElement choice = document.GetProperty("components").GetProperty("schemas").GetProperty("ann.v1.PointId").GetProperty("allOf")[0].GetProperty("oneOf");
        Assert.Equal(["num", "key", null], choice.EnumerateArray().Select(static alternative => alternative.TryGetProperty("required", out JsonElement required) ? required[0].GetString() : null));
        JsonElement vector = Properties(document, "ann.v1.Vector");
        Assert.Equal(("string", "byte"), Type(vector.GetProperty("packed")));
        Assert.Equal(("array", null), Type(vector.GetProperty("values")));
        Assert.Equal(("number", "float"), Type(vector.GetProperty("values").GetProperty("items")));
        Assert.Equal(("string", "date-time"), Type(Properties(document, "ann.v1.Value").GetProperty("timestampValue")));
        JsonElement search = Properties(document, "ann.v1.SearchRequest");
        Assert.Equal(("integer", "uint32"), Type(search.GetProperty("k")));
        Assert.Contains("Results wanted", search.GetProperty("k").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Equal("#/components/schemas/ann.v1.Value", Properties(document, "ann.v1.Point").GetProperty("attributes").GetProperty("additionalProperties").GetProperty("$ref").GetString());
        JsonElement metric = document.GetProperty("components").GetProperty("schemas").GetProperty("ann.v1.Metric");
        Assert.Equal(["METRIC_UNSPECIFIED", "METRIC_L2", "METRIC_COSINE", "METRIC_DOT"], metric.GetProperty("enum").EnumerateArray().Select(static name => name.GetString()));
        Assert.Contains("`METRIC_L2`: Euclidean distance", metric.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.True(Properties(document, "google.rpc.Status").TryGetProperty("details", out _));
    }

    [Fact]
    public async Task Search_MadeFromItsSchema_IsAnswered()
    {
        JsonElement document = await ReadAsync();
        string name = await CreateAsync(2);
        await UpsertAsync(name, Make.Point(5, Make.Vector(0.5f, 0.5f)));
        const string path = "/v1/collections/{collection}/points:search";
        JsonElement operation = document.GetProperty("paths").GetProperty(path).GetProperty("post");
        JsonObject sample = (JsonObject)Sample(document, Schema(operation.GetProperty("requestBody")), 0)!;
        // What a schema does not say: how many elements this collection's vectors have, and what its attributes are.
        sample["collection"] = name;
        sample["vector"] = new JsonObject { ["values"] = Sample(document, Properties(document, "ann.v1.Vector").GetProperty("values"), 2) };
        sample["filter"] = new JsonObject { ["expression"] = "NOT none:*" };
        sample.Remove("groupBy");
        sample.Remove("readAfter");

        using JsonClient json = new(Server.HttpAddress);
        JsonReply reply = await json.PostAsync(path.Replace("{collection}", name, StringComparison.Ordinal), sample.ToJsonString(), Cancellation);

        Assert.True(reply.Http == HttpStatusCode.OK, $"{sample.ToJsonString()}: {reply.Body}");
        Assert.Equal("5", reply.Body.GetProperty("hits")[0].GetProperty("id").GetProperty("num").GetString());
        JsonElement hit = Properties(document, "ann.v1.Hit");
        Assert.All(reply.Body.GetProperty("hits")[0].EnumerateObject(), member => Assert.True(hit.TryGetProperty(member.Name, out _), member.Name));
    }

    [Fact]
    public async Task Document_WhereJsonIsOff_IsNotThereAndNeitherAreTheCalls()
    {
        await using ServerFixture plain = new();
        await plain.StartAsync();
        using HttpClient http = new() { BaseAddress = plain.HttpAddress };

        foreach (string path in (string[])["/openapi/v1.json", "/v1/collections"])
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    private static string Key(HttpRule rule) => $"{rule.PatternCase.ToString().ToLowerInvariant()} {HttpAnnotationTests.Path(rule)}";

    private static JsonElement Schema(JsonElement content) => content.GetProperty("content").GetProperty("application/json").GetProperty("schema");

    private static JsonElement Properties(JsonElement document, string schema) =>
        document.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties");

    private static (string?, string?) Type(JsonElement schema) =>
        (schema.GetProperty("type").GetString(), schema.TryGetProperty("format", out JsonElement format) ? format.GetString() : null);

    private static JsonElement Resolve(JsonElement document, string reference)
    {
        Assert.StartsWith("#/", reference, StringComparison.Ordinal);
        return reference[2..].Split('/').Aggregate(document, static (element, name) => element.GetProperty(name));
    }

    private static IEnumerable<JsonProperty> All(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static member => All(member.Value).Prepend(member)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(All),
        _ => [],
    };

    /// <summary>A value that the schema allows: every field of a message, but of those that exclude each other the last; lists of a length.</summary>
    private static JsonNode? Sample(JsonElement document, JsonElement schema, int length)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            return Sample(document, Resolve(document, reference.GetString()!), length);
        }

        if (!schema.TryGetProperty("type", out JsonElement type))
        {
            return Sample(document, schema.GetProperty("allOf")[0], length);
        }

        switch (type.GetString())
        {
            case "string":
                return schema.TryGetProperty("enum", out JsonElement names) ? names[0].GetString() : schema.TryGetProperty("format", out _) ? "0" : "text";
            case "integer":
                return 1;
            case "number":
                return 0.5;
            case "boolean":
                return true;
            case "array":
                return new JsonArray([.. Enumerable.Range(0, length).Select(_ => Sample(document, schema.GetProperty("items"), length))]);
            default:
                break;
        }

        HashSet<string> excluded = schema.TryGetProperty("allOf", out JsonElement choices)
            ? [.. choices.EnumerateArray().SelectMany(static choice => choice.GetProperty("oneOf").EnumerateArray().SkipLast(2)).Select(static alternative => alternative.GetProperty("required")[0].GetString()!)]
            : [];
        JsonObject sample = [];
        foreach (JsonProperty property in schema.GetProperty("properties").EnumerateObject().Where(property => !excluded.Contains(property.Name)))
        {
            // Messages that hold themselves would have no end.
            sample.Add(property.Name, property.Name is "filter" or "vector" ? null : Sample(document, property.Value, length));
        }

        return sample;
    }

    private async Task<JsonElement> ReadAsync()
    {
        using JsonClient json = new(Server.HttpAddress);
        JsonReply reply = await json.GetAsync("/openapi/v1.json", Cancellation);
        Assert.Equal(HttpStatusCode.OK, reply.Http);
        return reply.Body;
    }
}
