using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace AnnServer.Security.Tokens;

/// <summary>The keys that tokens are checked with, from a file.</summary>
internal static class SigningKeys
{
    /// <exception cref="InvalidDataException">There is no key in it, or it cannot be read.</exception>
    public static IReadOnlyList<SecurityKey> Load(byte[] content, JwtOptions options)
    {
        string text = Encoding.UTF8.GetString(content);
        bool symmetric = options.AlgorithmList().Any(JwtAlgorithms.Symmetric.Contains);
        try
        {
            IEnumerable<SecurityKey> keys = text.TrimStart().StartsWith('{') ? FromSet(text) : FromPem(text);
            // A symmetric key can sign as well as check: it is used only where somebody has said so.
            List<SecurityKey> usable = [.. keys.Where(key => symmetric || key is not SymmetricSecurityKey)];
            return usable.Count > 0 ? usable : throw new InvalidDataException("holds no key that can be used with Ann:Auth:Jwt:Algorithms");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException or JsonException)
        {
            throw new InvalidDataException($"is neither a JSON Web Key Set nor public keys or certificates in PEM: {e.Message}", e);
        }
    }

    private static IEnumerable<SecurityKey> FromSet(string text)
    {
        foreach (JsonWebKey key in new JsonWebKeySet(text).Keys)
        {
            // Others are for encryption, or of a kind that is not known.
            if ((key.Use is null or "" or "sig") && JsonWebKeyConverter.TryConvertToSecurityKey(key, out SecurityKey converted))
            {
                yield return converted;
            }
        }
    }

    private static IEnumerable<SecurityKey> FromPem(string text)
    {
        for (int begin = 0; PemEncoding.TryFind(text.AsSpan(begin), out PemFields fields);)
        {
            string pem = text.Substring(begin + fields.Location.Start.Value, fields.Location.End.Value - fields.Location.Start.Value);
            string label = text[(begin + fields.Label.Start.Value)..(begin + fields.Label.End.Value)];
            begin += fields.Location.End.Value;
            yield return label switch
            {
                "CERTIFICATE" => new X509SecurityKey(X509Certificate2.CreateFromPem(pem)),
                "PUBLIC KEY" or "RSA PUBLIC KEY" => PublicKey(pem),
                _ => throw new InvalidDataException($"holds a {label}; only public keys and certificates belong there"),
            };
        }
    }

    // What kind of key it is stands inside.
    private static SecurityKey PublicKey(string pem)
    {
        try
        {
            RSA rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (CryptographicException)
        {
            ECDsa curve = ECDsa.Create();
            curve.ImportFromPem(pem);
            return new ECDsaSecurityKey(curve);
        }
    }
}
