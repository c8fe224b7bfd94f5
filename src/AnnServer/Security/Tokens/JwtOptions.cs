namespace AnnServer.Security.Tokens;

/// <summary>The settings of the section <c>Ann:Auth:Jwt</c>.</summary>
internal sealed record JwtOptions
{
    /// <summary>Who makes the tokens; with it set, tokens are taken.</summary>
    public string? Issuer { get; init; }

    /// <summary>Whom a token is for: this server.</summary>
    public string? Audience { get; init; }

    /// <summary>Where the signing keys are found by OpenID Connect discovery.</summary>
    public Uri? Authority { get; init; }

    /// <summary>A JSON Web Key Set, or public keys and certificates in PEM.</summary>
    public string? KeysPath { get; init; }

    /// <summary>Separated by commas. Symmetric ones (HS256) only if they are named here, with an "oct" key in the key set.</summary>
    public string Algorithms { get; init; } = "RS256,ES256";

    /// <summary>Values like <c>read</c> or <c>write:docs-*</c>, in an array or between spaces.</summary>
    public string RolesClaim { get; init; } = "roles";

    internal bool IsOn => Issuer is not null || Audience is not null || Authority is not null || KeysPath is not null;

    public IReadOnlyList<string> AlgorithmList() =>
        Algorithms.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
