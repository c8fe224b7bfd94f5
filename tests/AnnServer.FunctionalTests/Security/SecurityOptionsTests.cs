using AnnServer.Hosting;
using AnnServer.Testing;
using Microsoft.Extensions.Configuration;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Settings that do not go together, and what a server needs before others can reach it.</summary>
public sealed class SecurityOptionsTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("10.0.0.1")]
    public void Read_BeyondTheLoopback_NeedsAuthenticationOrAWord(string address)
    {
        SettingsException exception = Assert.Throws<SettingsException>(() => Read($"ListenAddress={address}"));

        Assert.Contains("Ann:Auth:AllowAnonymous=true", Assert.Single(exception.Faults), StringComparison.Ordinal);
        Assert.NotNull(Read($"ListenAddress={address}", "Auth:AllowAnonymous=true"));
        Assert.NotNull(Read($"ListenAddress={address}", "Auth:KeysPath=k"));
        Assert.NotNull(Read($"ListenAddress={address}", "Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a", "Auth:Jwt:Authority=https://i"));
        Assert.NotNull(Read($"ListenAddress={address}", "Tls:CertificatePath=c", "Tls:KeyPath=k", "Tls:ClientCaPath=a"));
        Assert.Throws<SettingsException>(() => Read($"ListenAddress={address}", "Tls:CertificatePath=c", "Tls:KeyPath=k"));
    }

    [Theory]
    [InlineData("Tls:CertificatePath=c")]
    [InlineData("Tls:KeyPath=c")]
    [InlineData("Tls:ClientCaPath=c")]
    [InlineData("Auth:AllowAnonymous=maybe")]
    [InlineData("Auth:AllowAnonymous=true", "Auth:KeysPath=k")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:KeysPath=k")]
    [InlineData("Auth:Jwt:Audience=a", "Auth:Jwt:KeysPath=k")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a", "Auth:Jwt:KeysPath=k", "Auth:Jwt:Authority=https://i")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a", "Auth:Jwt:Authority=http://i.test")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a", "Auth:Jwt:KeysPath=k", "Auth:Jwt:Algorithms=none")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a", "Auth:Jwt:KeysPath=k", "Auth:Jwt:Algorithms=RS256,none")]
    [InlineData("Auth:Jwt:Issuer=i", "Auth:Jwt:Audience=a", "Auth:Jwt:KeysPath=k", "Auth:Jwt:Algorithms=,")]
    public void Read_WhatDoesNotGoTogether_IsOneFault(params string[] settings)
    {
        SettingsException exception = Assert.Throws<SettingsException>(() => Read(settings));

        Assert.Contains("allowed: ", Assert.Single(exception.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_FilesThatCannotBeUsed_ListsThemAll()
    {
        using TempDirectory directory = new();
        string bad = Path.Combine(directory.Path, "bad");
        File.WriteAllText(bad, "-----BEGIN NOTHING-----");

        SettingsException exception = Assert.Throws<SettingsException>(() => ServerHost.Build(
            [
                $"--Ann:Tls:CertificatePath={bad}", $"--Ann:Tls:KeyPath={bad}", $"--Ann:Auth:KeysPath={bad}", "--Ann:Auth:Jwt:Issuer=i",
                "--Ann:Auth:Jwt:Audience=a", $"--Ann:Auth:Jwt:KeysPath={Path.Combine(directory.Path, "absent")}",
            ]));

        Assert.Collection(
            exception.Faults,
            fault => Assert.StartsWith($"Ann:Tls ({bad}, {bad}): no certificate", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith($"Ann:Auth:KeysPath ({bad}): cannot be read", fault, StringComparison.Ordinal),
            fault => Assert.Contains("absent", fault, StringComparison.Ordinal));
    }

    private static ServerOptions Read(params string[] settings) => ServerOptionsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(setting => setting.Split('=', 2)).Select(parts => KeyValuePair.Create($"Ann:{parts[0]}", (string?)parts[1]))).Build(),
        out _);
}
