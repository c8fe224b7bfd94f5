using System.Reflection;

namespace AnnServer.FunctionalTests.Repository;

/// <summary>The arrows of ARCHITECTURE.md, read off the compiled assemblies.</summary>
public sealed class LayeringTests
{
    private const string Faster = "FASTER.core";

    [Theory]
    [InlineData("AnnServer.Core")]
    [InlineData("AnnServer.Storage")]
    [InlineData("AnnServer.Protocol")]
    [InlineData("AnnServer.Engine", "AnnServer.Core", "AnnServer.Storage")]
    [InlineData("AnnServer", "AnnServer.Engine", "AnnServer.Protocol")]
    public void Assembly_OfOurs_ReferencesOnlyWhatLiesBelow(string assembly, params string[] allowed)
    {
        IEnumerable<string> ours = References(assembly).Where(name => name == "AnnServer" || name.StartsWith("AnnServer.", StringComparison.Ordinal));

        Assert.Empty(ours.Except(allowed));
    }

    [Theory]
    [InlineData("AnnServer.Core")]
    [InlineData("AnnServer.Storage")]
    [InlineData("AnnServer.Engine")]
    public void Assembly_BelowTheHost_KnowsNothingOfTheWire(string assembly)
    {
        string[] wire = ["Google.", "Grpc.", "Microsoft.AspNetCore", "Microsoft.Extensions.Options", "Microsoft.Extensions.Hosting", "OpenTelemetry"];

        Assert.DoesNotContain(References(assembly), name => Array.Exists(wire, prefix => name.StartsWith(prefix, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("AnnServer")]
    [InlineData("AnnServer.Core")]
    [InlineData("AnnServer.Engine")]
    [InlineData("AnnServer.Protocol")]
    public void Assembly_OtherThanStorage_DoesNotNameFaster(string assembly)
    {
        Assert.DoesNotContain(Faster, References(assembly));
    }

    [Fact]
    public void Storage_References_Faster()
    {
        Assert.Contains(Faster, References("AnnServer.Storage"));
    }

    private static IEnumerable<string> References(string assembly) =>
        Assembly.Load(assembly).GetReferencedAssemblies().Select(reference => reference.Name ?? "");
}
