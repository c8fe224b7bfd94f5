using AnnServer.Hosting;
using AnnServer.Security.Keys;
using AnnServer.Security.Tls;
using AnnServer.Security.Tokens;
using Microsoft.IdentityModel.Tokens;

namespace AnnServer.Security;

/// <summary>The files that the security settings name, as they were at the start and as they are now.</summary>
internal sealed class SecurityFiles
{
    private readonly List<IReloaded> _all = [];

    public ReloadedFiles<TlsIdentity>? Tls { get; private init; }

    public ReloadedFiles<KeyRing>? Keys { get; private init; }

    public ReloadedFiles<IReadOnlyList<SecurityKey>>? SigningKeys { get; private init; }

    public IReadOnlyList<IReloaded> All => _all;

    /// <exception cref="SettingsException">Lists every file that cannot be used.</exception>
    public static SecurityFiles Open(ServerOptions options)
    {
        List<string> faults = [];
        List<IReloaded> all = [];
        TlsOptions tls = options.Tls;
        JwtOptions jwt = options.Auth.Jwt;
        string?[] pem = [tls.CertificatePath, tls.KeyPath, tls.ClientCaPath];
        SecurityFiles files = new()
        {
            Tls = Open("Ann:Tls", tls.IsOn ? pem.OfType<string>() : [], TlsIdentity.Load),
            Keys = Open("Ann:Auth:KeysPath", options.Auth.KeysPath is { } keys ? [keys] : [], static contents => KeysFile.ToRing(contents[0])),
            SigningKeys = Open(
                "Ann:Auth:Jwt:KeysPath", jwt.KeysPath is { } signing ? [signing] : [], contents => Tokens.SigningKeys.Load(contents[0], jwt)),
        };
        files._all.AddRange(all);
        return faults.Count == 0 ? files : throw new SettingsException(faults);

        ReloadedFiles<T>? Open<T>(string setting, IEnumerable<string> paths, Func<IReadOnlyList<byte[]>, T> load)
            where T : class
        {
            string[] names = [.. paths];
            if (names.Length == 0)
            {
                return null;
            }

            try
            {
                ReloadedFiles<T> opened = ReloadedFiles<T>.Open(names, load);
                all.Add(opened);
                return opened;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                faults.Add($"{setting} ({string.Join(", ", names)}): {e.Message}");
                return null;
            }
        }
    }
}
