using System.Net;
using System.Reflection;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Rpc.Json;
using AnnServer.Protocol.V1;
using AnnServer.Security;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Every RPC of the contract, by every role in every scope. The table says again what the server is to do.</summary>
public sealed class AccessMatrixTests(AccessMatrixTests.Secured secured) : IClassFixture<AccessMatrixTests.Secured>
{
    private const string Target = "mine";
    private const string ForServer = "*";
    private const string ForAny = "?";

    private static readonly string[] RolesInOrder = ["read", "write", "admin"];

    // Scopes of keys, and whether they reach the collection and the server.
    private static readonly (string Name, string? Collections, bool Target, bool Server)[] Scopes =
    [
        ("all", null, true, true), ("exact", "\"mine\"", true, false), ("beginning", "\"yours\", \"mi*\"", true, false),
        ("other", "\"yours\", \"mi\", \"mine2\", \"min2*\"", false, false),
    ];

    // The least role, and the field with the collection.
    private static readonly Dictionary<string, (string Role, string Field)> Expected = new()
    {
        ["ann.v1.Points.Upsert"] = ("write", "collection"),
        ["ann.v1.Points.UpsertStream"] = ("write", "collection"),
        ["ann.v1.Points.Delete"] = ("write", "collection"),
        ["ann.v1.Points.UpdateAttributes"] = ("write", "collection"),
        ["ann.v1.Points.Get"] = ("read", "collection"),
        ["ann.v1.Points.Count"] = ("read", "collection"),
        ["ann.v1.Points.Scroll"] = ("read", "collection"),
        ["ann.v1.Points.Facets"] = ("read", "collection"),
        ["ann.v1.Points.Sample"] = ("read", "collection"),
        ["ann.v1.Points.Search"] = ("read", "collection"),
        ["ann.v1.Points.SearchBatch"] = ("read", "collection"),
        ["ann.v1.Points.SearchStream"] = ("read", "collection"),
        ["ann.v1.Collections.GetCollection"] = ("read", "name"),
        ["ann.v1.Collections.ListCollections"] = ("read", ForAny),
        ["ann.v1.Collections.CreateCollection"] = ("admin", "config.name"),
        ["ann.v1.Collections.UpdateCollection"] = ("admin", "name"),
        ["ann.v1.Collections.DeleteCollection"] = ("admin", "name"),
        ["ann.v1.Admin.AuditGraph"] = ("admin", "collection"),
        ["ann.v1.Admin.Checkpoint"] = ("admin", ForServer),
        ["ann.v1.Admin.Backup"] = ("admin", ForServer),
        ["ann.v1.Admin.Restore"] = ("admin", ForServer),
        ["ann.v1.Admin.GetStats"] = ("admin", ForServer),
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The same in JSON, of those that do not stream.
    private static readonly Dictionary<string, (string Verb, string Path, string? Body)> InJson = new()
    {
        ["ann.v1.Points.Upsert"] = ("POST", "/v1/collections/mine/points:upsert", "{}"),
        ["ann.v1.Points.Delete"] = ("POST", "/v1/collections/mine/points:delete", "{}"),
        ["ann.v1.Points.UpdateAttributes"] = ("POST", "/v1/collections/mine/points:updateAttributes", "{}"),
        ["ann.v1.Points.Get"] = ("POST", "/v1/collections/mine/points:get", "{}"),
        ["ann.v1.Points.Count"] = ("POST", "/v1/collections/mine/points:count", "{}"),
        ["ann.v1.Points.Scroll"] = ("POST", "/v1/collections/mine/points:scroll", "{}"),
        ["ann.v1.Points.Facets"] = ("POST", "/v1/collections/mine/points:facets", "{}"),
        ["ann.v1.Points.Sample"] = ("POST", "/v1/collections/mine/points:sample", "{}"),
        ["ann.v1.Points.Search"] = ("POST", "/v1/collections/mine/points:search", "{}"),
        ["ann.v1.Points.SearchBatch"] = ("POST", "/v1/collections/mine/points:searchBatch", "{}"),
        ["ann.v1.Collections.GetCollection"] = ("GET", "/v1/collections/mine", null),
        ["ann.v1.Collections.ListCollections"] = ("GET", "/v1/collections", null),
        ["ann.v1.Collections.CreateCollection"] = ("POST", "/v1/collections", "{\"name\": \"mine\"}"),
        ["ann.v1.Collections.UpdateCollection"] = ("PATCH", "/v1/collections/mine", "{}"),
        ["ann.v1.Collections.DeleteCollection"] = ("DELETE", "/v1/collections/mine", null),
        ["ann.v1.Admin.AuditGraph"] = ("POST", "/v1/collections/mine:auditGraph", "{}"),
        ["ann.v1.Admin.Checkpoint"] = ("POST", "/v1/server:checkpoint", "{}"),
        ["ann.v1.Admin.Backup"] = ("POST", "/v1/server:backup", "{}"),
        ["ann.v1.Admin.Restore"] = ("POST", "/v1/server:restore", "{}"),
        ["ann.v1.Admin.GetStats"] = ("GET", "/v1/server/stats", null),
    };

    public static TheoryData<string> Methods => [.. Descriptors().Select(method => method.FullName)];

    public static TheoryData<string> UnaryMethods => [.. Descriptors().Where(method => !method.IsClientStreaming).Select(method => method.FullName)];

    [Fact]
    public void Rules_AndTheContract_HaveTheSameMethods()
    {
        string[] methods = [.. Descriptors().Select(method => method.FullName).Order()];

        Assert.Equal(methods, Expected.Keys.Order());
        Assert.All(methods, method =>
        {
            int dot = method.LastIndexOf('.');
            Assert.True(RpcRules.TryGet($"/{method[..dot]}/{method[(dot + 1)..]}", out _), $"{method} has no rule.");
        });
        Assert.False(RpcRules.TryGet("/ann.v1.Points/New", out _));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Call_ByEveryRoleInEveryScope_IsDeniedUnlessItHasBoth(string name)
    {
        MethodDescriptor method = Descriptors().Single(method => method.FullName == name);
        (string least, string field) = Expected[name];
        byte[] message = Message(method.InputType, field);
        foreach (string role in RolesInOrder)
        {
            foreach ((string scope, _, bool target, bool server) in Scopes)
            {
                bool isAllowed = MayCall(role, least, field, target, server);

                Status status = await RawCall.EndAsync(
                    secured.Server.Channel, method, message, TestKeys.Headers(Secured.Key(role, scope)), Cancellation);

                Assert.True(
                    status.StatusCode is not (StatusCode.Unauthenticated or StatusCode.Unimplemented or StatusCode.Unknown)
                    && isAllowed == (status.StatusCode != StatusCode.PermissionDenied),
                    $"{name} by {role} in {scope}: {status}");
                Assert.True(isAllowed || status.Detail.Contains($"does not have the role '{least}'", StringComparison.Ordinal), status.Detail);
            }
        }
    }

    [Theory]
    [MemberData(nameof(UnaryMethods))]
    public async Task CallInJson_ByEveryRoleInEveryScope_IsDeniedUnlessItHasBoth(string name)
    {
        (string least, string field) = Expected[name];
        foreach (string role in RolesInOrder)
        {
            foreach ((string scope, _, bool target, bool server) in Scopes)
            {
                bool isAllowed = MayCall(role, least, field, target, server);

                JsonReply reply = await CallInJsonAsync(name, Secured.Key(role, scope));

                StatusCode code = reply.Http == HttpStatusCode.OK ? StatusCode.OK : reply.Code;
                Assert.True(
                    code is not (StatusCode.Unauthenticated or StatusCode.Unimplemented or StatusCode.Unknown)
                    && isAllowed == (reply.Http != HttpStatusCode.Forbidden) && isAllowed == (code != StatusCode.PermissionDenied),
                    $"{name} by {role} in {scope}: {reply.Http} {reply.Body}");
                Assert.True(isAllowed || reply.Body.ToString().Contains($"does not have the role '{least}'", StringComparison.Ordinal), reply.Body.ToString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(UnaryMethods))]
    public async Task CallInJson_WithoutOrWithUnknownKey_IsUnauthenticated(string name)
    {
        JsonReply without = await CallInJsonAsync(name, null);
        JsonReply unknown = await CallInJsonAsync(name, "no-such-key");

        Assert.Equal((HttpStatusCode.Unauthorized, StatusCode.Unauthenticated), (without.Http, without.Code));
        Assert.Equal((HttpStatusCode.Unauthorized, StatusCode.Unauthenticated), (unknown.Http, unknown.Code));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Call_WithoutOrWithUnknownKey_IsUnauthenticated(string name)
    {
        MethodDescriptor method = Descriptors().Single(method => method.FullName == name);
        byte[] message = Message(method.InputType, Expected[name].Field);

        Status without = await RawCall.EndAsync(secured.Server.Channel, method, message, [], Cancellation);
        Status unknown = await RawCall.EndAsync(secured.Server.Channel, method, message, TestKeys.Headers("no-such-key"), Cancellation);

        Assert.Equal(StatusCode.Unauthenticated, without.StatusCode);
        Assert.Contains("needs an API key or a token", without.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unauthenticated, unknown.StatusCode);
        Assert.Contains("is not valid", unknown.Detail, StringComparison.Ordinal);
    }

    private static bool MayCall(string role, string least, string field, bool target, bool server) =>
        Array.IndexOf(RolesInOrder, role) >= Array.IndexOf(RolesInOrder, least) && (field == ForAny || (field == ForServer ? server : target));

    private async Task<JsonReply> CallInJsonAsync(string name, string? key)
    {
        (string verb, string path, string? body) = InJson[name];
        using JsonClient json = new(secured.Server.HttpAddress, key);
        return await json.SendAsync(new HttpMethod(verb), path, body, Cancellation);
    }

    private static IEnumerable<MethodDescriptor> Descriptors() => typeof(Points).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal))
        .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
        .OfType<FileDescriptor>()
        .Where(file => file.Package == "ann.v1")
        .SelectMany(file => file.Services)
        .SelectMany(service => service.Methods);

    private static byte[] Message(MessageDescriptor type, string field)
    {
        IMessage message = type.Parser.ParseFrom(ByteString.Empty);
        if (field is ForAny or ForServer)
        {
            return message.ToByteArray();
        }

        IMessage target = message;
        string[] path = field.Split('.');
        foreach (string step in path[..^1])
        {
            FieldDescriptor inner = target.Descriptor.FindFieldByName(step);
            IMessage made = inner.MessageType.Parser.ParseFrom(ByteString.Empty);
            inner.Accessor.SetValue(target, made);
            target = made;
        }

        target.Descriptor.FindFieldByName(path[^1]).Accessor.SetValue(target, Target);
        return message.ToByteArray();
    }

    /// <summary>A server with a key for every role in every scope.</summary>
    public sealed class Secured : IAsyncLifetime
    {
        private readonly TestKeys _keys = new(
            [.. from role in RolesInOrder from scope in Scopes select TestKeys.Entry($"{role}-{scope.Name}", Key(role, scope.Name), role, scope.Collections)]);

        public ServerFixture Server { get; } = new();

        public static string Key(string role, string scope) => $"key-of-{role}-in-{scope}";

        public async ValueTask InitializeAsync()
        {
            Server.Settings = ["--Ann:JsonEnabled=true", .. _keys.Settings];
            await Server.StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            _keys.Dispose();
        }
    }
}
