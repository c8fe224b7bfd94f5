using System.Text.Json;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using Google.Protobuf.Reflection;

namespace AnnServer.FunctionalTests.Repository;

/// <summary>The configurations of ghz name methods that there are, and files that are made for them.</summary>
public sealed class GhzConfigTests
{
    private const string Folder = "benchmarks/ghz";

    // The options of ghz that are used, as its documentation names them in a configuration.
    private static readonly string[] Options =
    [
        "name", "call", "host", "insecure", "data-file", "disable-template-data", "duration", "duration-stop", "total", "concurrency", "connections",
        "skipFirst", "timeout", "rps", "async", "max-recv-message-size", "max-send-message-size",
    ];

    public static TheoryData<string> Configs =>
        [.. Directory.EnumerateFiles(Path.Combine(Checkout.Root, Folder), "*.json").Select(file => Path.GetFileName(file)!).Order()];

    [Theory]
    [MemberData(nameof(Configs))]
    public void Config_Call_IsAUnaryMethodOfTheProtos(string config)
    {
        using JsonDocument json = JsonDocument.Parse(Checkout.Text($"{Folder}/{config}"));
        string call = json.RootElement.GetProperty("call").GetString()!;
        int dot = call.LastIndexOf('.');

        ServiceDescriptor service = Assert.Single(PointsReflection.Descriptor.Services, service => service.FullName == call[..dot]);
        MethodDescriptor method = Assert.Single(service.Methods, method => method.Name == call[(dot + 1)..]);
        Assert.False(method.IsClientStreaming || method.IsServerStreaming);
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void Config_Options_AreKnownAndMeetADefaultServer(string config)
    {
        using JsonDocument json = JsonDocument.Parse(Checkout.Text($"{Folder}/{config}"));
        JsonElement root = json.RootElement;

        Assert.Empty(root.EnumerateObject().Select(option => option.Name).Except(Options));
        Assert.Equal($"127.0.0.1:{new ServerOptions().GrpcPort}", root.GetProperty("host").GetString());
        Assert.True(root.TryGetProperty("total", out _) != root.TryGetProperty("duration", out _), "either total or duration says when to end");
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void Config_DataFile_IsMadeByTheScript(string config)
    {
        using JsonDocument json = JsonDocument.Parse(Checkout.Text($"{Folder}/{config}"));
        string file = json.RootElement.GetProperty("data-file").GetString()!;

        Assert.StartsWith("./data/", file, StringComparison.Ordinal);
        Assert.Contains($"--out \"$here/{file[2..]}\"", Checkout.Text($"{Folder}/make-data"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void Config_Itself_IsInTheReadme(string config)
    {
        Assert.Contains($"`{config}`", Checkout.Text($"{Folder}/README.md"), StringComparison.Ordinal);
    }
}
