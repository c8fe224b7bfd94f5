using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AnnServer.FunctionalTests.Security;

/// <summary>JSON Web Tokens put together by hand (RFC 7515 and 7519).</summary>
internal static class TestToken
{
    public const string Issuer = "https://issuer.test";
    public const string Audience = "ann-server";

    public static Dictionary<string, object> Claims(object roles, int expiresInHours = 1) => new()
    {
        ["iss"] = Issuer,
        ["aud"] = Audience,
        ["sub"] = "alice",
        ["exp"] = TimeProvider.System.GetUtcNow().AddHours(expiresInHours).ToUnixTimeSeconds(),
        ["roles"] = roles,
    };

    public static string Sign(RSA key, Dictionary<string, object> claims, string algorithm = "RS256") =>
        Sign(algorithm, claims, bytes => key.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Sign(ECDsa key, Dictionary<string, object> claims) =>
        Sign("ES256", claims, bytes => key.SignData(bytes, HashAlgorithmName.SHA256));

    public static string Sign(byte[] secret, Dictionary<string, object> claims) =>
        Sign("HS256", claims, bytes => HMACSHA256.HashData(secret, bytes));

    public static string Unsigned(Dictionary<string, object> claims, string algorithm = "none") => Sign(algorithm, claims, static _ => []);

    public static string KeySet(RSA key)
    {
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return $"{{\"keys\": [{{\"kty\": \"RSA\", \"kid\": \"one\", \"n\": \"{Base64Url.EncodeToString(parameters.Modulus)}\", \"e\": \"{Base64Url.EncodeToString(parameters.Exponent)}\"}}]}}";
    }

    public static string KeySet(byte[] secret) => $"{{\"keys\": [{{\"kty\": \"oct\", \"k\": \"{Base64Url.EncodeToString(secret)}\"}}]}}";

    private static string Sign(string algorithm, Dictionary<string, object> claims, Func<byte[], byte[]> sign)
    {
        string header = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, typ = "JWT" }));
        string payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims));
        byte[] content = Encoding.ASCII.GetBytes($"{header}.{payload}");
        return $"{header}.{payload}.{Base64Url.EncodeToString(sign(content))}";
    }
}
