using System.Diagnostics;
using System.Text.Json;
using AnnServer.FunctionalTests.Infrastructure;

namespace AnnServer.FunctionalTests.Deploy;

public sealed class SbomTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MakeSbom_LockFile_ListsEveryPackageWithItsVersionAndHash()
    {
        using JsonDocument sbom = JsonDocument.Parse(await MakeAsync());
        using JsonDocument locks = JsonDocument.Parse(Checkout.Text("src/AnnServer/packages.lock.json"));
        var expected = locks.RootElement.GetProperty("dependencies").EnumerateObject()
            .SelectMany(target => target.Value.EnumerateObject())
            .Where(package => package.Value.GetProperty("type").GetString() != "Project")
            .Select(package => (
                package.Name,
                package.Value.GetProperty("resolved").GetString()!,
                Convert.ToHexStringLower(package.Value.GetProperty("contentHash").GetBytesFromBase64())))
            .Distinct().Order();

        JsonElement root = sbom.RootElement;
        Assert.Equal("CycloneDX", root.GetProperty("bomFormat").GetString());
        Assert.Equal("1.6", root.GetProperty("specVersion").GetString());
        Assert.Equal(expected, Components(root).Select(component => (
            component.GetProperty("name").GetString()!,
            component.GetProperty("version").GetString()!,
            component.GetProperty("hashes")[0].GetProperty("content").GetString()!)).Order());
        Assert.All(Components(root), component => Assert.Equal(
            $"pkg:nuget/{component.GetProperty("name").GetString()}@{component.GetProperty("version").GetString()}", component.GetProperty("purl").GetString()));
        Assert.Equal(
            ["Microsoft.CodeAnalysis.BannedApiAnalyzers"],
            Components(root).Where(component => component.GetProperty("scope").GetString() == "excluded").Select(component => component.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task MakeSbom_RuntimeVersion_IsListedToo()
    {
        using JsonDocument with = JsonDocument.Parse(await MakeAsync("10.0.99"));
        using JsonDocument without = JsonDocument.Parse(await MakeAsync());

        Assert.Equal(
            ["pkg:nuget/Microsoft.NETCore.App.Runtime@10.0.99", "pkg:nuget/Microsoft.AspNetCore.App.Runtime@10.0.99"],
            Components(with.RootElement).Skip(Components(without.RootElement).Count()).Select(component => component.GetProperty("purl").GetString()));
    }

    private static JsonElement.ArrayEnumerator Components(JsonElement sbom) => sbom.GetProperty("components").EnumerateArray();

    private static async Task<string> MakeAsync(params string[] args)
    {
        ProcessStartInfo start = new(Path.Combine(Checkout.Root, "deploy", "make-sbom"), args) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
