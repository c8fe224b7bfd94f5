namespace AnnServer.Security.Tokens;

/// <summary>The algorithms of RFC 7518 that a token can be signed with; "none" is not among them.</summary>
internal static class JwtAlgorithms
{
    public static IReadOnlyList<string> Asymmetric { get; } =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static IReadOnlyList<string> Symmetric { get; } = ["HS256", "HS384", "HS512"];
}
