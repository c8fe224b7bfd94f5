using System.Net;
using AnnServer.Hosting;
using AnnServer.Security.Tls;
using AnnServer.Security.Tokens;

namespace AnnServer.Security;

/// <summary>The sections <c>Ann:Tls</c> and <c>Ann:Auth</c>, and what has to be true of them together.</summary>
internal static class SecurityOptionsReader
{
    public static TlsOptions ReadTls(SettingReader tls) => new()
    {
        CertificatePath = tls.Path(nameof(TlsOptions.CertificatePath)),
        KeyPath = tls.Path(nameof(TlsOptions.KeyPath)),
        ClientCaPath = tls.Path(nameof(TlsOptions.ClientCaPath)),
    };

    public static AuthOptions ReadAuth(SettingReader auth, SettingReader jwt)
    {
        AuthOptions defaults = new();
        return new AuthOptions
        {
            AllowAnonymous = auth.Truth(nameof(AuthOptions.AllowAnonymous), defaults.AllowAnonymous),
            KeysPath = auth.Path(nameof(AuthOptions.KeysPath)),
            OpenReflection = auth.Truth(nameof(AuthOptions.OpenReflection), defaults.OpenReflection),
            ProtectMetrics = auth.Truth(nameof(AuthOptions.ProtectMetrics), defaults.ProtectMetrics),
            DenialLinesPerSecond = auth.Integer(nameof(AuthOptions.DenialLinesPerSecond), defaults.DenialLinesPerSecond, 1, 1_000_000),
            Jwt = new JwtOptions
            {
                Issuer = jwt.Optional(nameof(JwtOptions.Issuer)),
                Audience = jwt.Optional(nameof(JwtOptions.Audience)),
                Authority = jwt.HttpUri(nameof(JwtOptions.Authority)),
                KeysPath = jwt.Path(nameof(JwtOptions.KeysPath)),
                Algorithms = jwt.Optional(nameof(JwtOptions.Algorithms)) ?? defaults.Jwt.Algorithms,
                RolesClaim = jwt.Optional(nameof(JwtOptions.RolesClaim)) ?? defaults.Jwt.RolesClaim,
            },
        };
    }

    public static void Check(ServerOptions options, List<string> faults)
    {
        TlsOptions tls = options.Tls;
        if ((tls.CertificatePath is null) != (tls.KeyPath is null))
        {
            faults.Add("Ann:Tls has one of CertificatePath and KeyPath; allowed: both or neither.");
        }

        if (tls.ClientCaPath is not null && !tls.IsOn)
        {
            faults.Add("Ann:Tls:ClientCaPath is set without Ann:Tls:CertificatePath; allowed: client certificates with TLS only.");
        }

        if (options.Auth.Jwt.IsOn)
        {
            CheckJwt(options.Auth.Jwt, faults);
        }

        if (options.Auth.AllowAnonymous && options.HasAuthentication)
        {
            faults.Add(
                "Ann:Auth:AllowAnonymous is true beside keys, tokens or client certificates; allowed: either that everybody may do everything, or those.");
        }

        if (!IPAddress.IsLoopback(options.ListenAddress) && !options.HasAuthentication && !options.Auth.AllowAnonymous)
        {
            faults.Add(
                $"Ann:ListenAddress is {options.ListenAddress}, which others can reach, and nobody is asked who they are; allowed: Ann:Auth:KeysPath, Ann:Auth:Jwt or Ann:Tls:ClientCaPath, or Ann:Auth:AllowAnonymous=true to let everybody do everything.");
        }
    }

    private static void CheckJwt(JwtOptions jwt, List<string> faults)
    {
        if (jwt.Issuer is null || jwt.Audience is null)
        {
            faults.Add("Ann:Auth:Jwt has no Issuer or no Audience; allowed: both, so that tokens for others are refused.");
        }

        if ((jwt.Authority is null) == (jwt.KeysPath is null))
        {
            faults.Add("Ann:Auth:Jwt has both or none of Authority and KeysPath; allowed: one of them, where the signing keys are.");
        }

        if (jwt.Authority is { IsLoopback: false } authority && authority.Scheme != Uri.UriSchemeHttps)
        {
            faults.Add($"Ann:Auth:Jwt:Authority is \"{authority}\"; allowed: https, since keys come from there.");
        }

        string[] unknown = [.. jwt.AlgorithmList().Except([.. JwtAlgorithms.Asymmetric, .. JwtAlgorithms.Symmetric])];
        if (unknown.Length > 0 || jwt.AlgorithmList().Count == 0)
        {
            faults.Add(
                $"Ann:Auth:Jwt:Algorithms is \"{jwt.Algorithms}\"; allowed: {string.Join(", ", JwtAlgorithms.Asymmetric)}, and {string.Join(", ", JwtAlgorithms.Symmetric)} with an \"oct\" key in the key set.");
        }
    }
}
