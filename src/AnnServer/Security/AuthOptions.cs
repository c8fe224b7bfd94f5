using AnnServer.Security.Tokens;

namespace AnnServer.Security;

/// <summary>The settings of the section <c>Ann:Auth</c>.</summary>
internal sealed record AuthOptions
{
    /// <summary>Nobody is asked who they are, though the server listens beyond this machine.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The file of hashed API keys.</summary>
    public string? KeysPath { get; init; }

    /// <summary>Whoever reaches the server may ask what it speaks, which is no secret.</summary>
    public bool OpenReflection { get; init; } = true;

    /// <summary>/metrics takes a key or a token too. Few scrapers have one, and no metric holds data.</summary>
    public bool ProtectMetrics { get; init; }

    /// <summary>Lines of the audit log for denied calls; of one address a quarter. About five kilobytes a second at most, whoever knocks.</summary>
    public int DenialLinesPerSecond { get; init; } = 20;

    public JwtOptions Jwt { get; init; } = new();
}
