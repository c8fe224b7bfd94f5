using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AnnServer.Security.Keys;
using AnnServer.Security.Tls;
using AnnServer.Security.Tokens;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Files that are cut or changed anywhere are taken or refused, and end in nothing else.</summary>
public sealed class BrokenFilesTests
{
    private const int Changes = 300;

    [Fact]
    public void Keys_CutOrChanged_AreTakenOrRefused()
    {
        string entry = TestKeys.Entry("a", "k", "write", "\"docs\", \"logs-*\"", new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

        RefusesOrTakes(Encoding.UTF8.GetBytes($"{{\"keys\": [{entry}]}}"), static file => KeysFile.ToRing(file));
    }

    [Fact]
    public void SigningKeys_CutOrChanged_AreTakenOrRefused()
    {
        using RSA rsa = RSA.Create(2048);
        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        RefusesOrTakes(Encoding.UTF8.GetBytes(TestToken.KeySet(rsa)), static file => SigningKeys.Load(file, new JwtOptions()));
        RefusesOrTakes(
            Encoding.UTF8.GetBytes($"{rsa.ExportSubjectPublicKeyInfoPem()}\n{curve.ExportSubjectPublicKeyInfoPem()}"),
            static file => SigningKeys.Load(file, new JwtOptions()));
    }

    [Fact]
    public void Certificates_CutOrChanged_AreTakenOrRefused()
    {
        using TestAuthority authority = new("authority");
        using X509Certificate2 certificate = authority.Issue("server");
        byte[] chain = Encoding.UTF8.GetBytes($"{certificate.ExportCertificatePem()}\n{authority.Pem}");
        byte[] key = Encoding.UTF8.GetBytes(certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        byte[] clients = Encoding.UTF8.GetBytes(authority.Pem);

        RefusesOrTakes(chain, file => TlsIdentity.Load([file, key, clients]));
        RefusesOrTakes(key, file => TlsIdentity.Load([chain, file]));
        RefusesOrTakes(clients, file => TlsIdentity.Load([chain, key, file]));
    }

    private static void RefusesOrTakes(byte[] whole, Action<byte[]> load)
    {
        Random random = new(1);
        load(whole);
        int refused = 0;
        for (int i = 0; i < Changes; i++)
        {
            byte[] broken = whole[..random.Next(whole.Length)];
            refused += Refuses(broken) ? 1 : 0;
            broken = [.. whole];
            broken[random.Next(whole.Length)] = (byte)random.Next(256);
            refused += Refuses(broken) ? 1 : 0;
        }

        Assert.InRange(refused, Changes / 4, 2 * Changes);

        bool Refuses(byte[] file)
        {
            try
            {
                load(file);
                return false;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }
    }
}
