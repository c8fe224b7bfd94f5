using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Commands;

/// <summary>The options for servers that speak TLS or ask who calls. Secrets are in files or in the environment: everybody can see a command line.</summary>
internal sealed class AccessOptions
{
    public const string KeyVariable = "ANN_API_KEY";

    private readonly Option<string?> _ca = new("--ca") { Description = "PEM file of those who may have signed the server's certificate." };

    private readonly Option<string?> _certificate = new("--cert") { Description = "PEM file of the client certificate." };

    private readonly Option<string?> _certificateKey = new("--cert-key") { Description = "PEM file of its key." };

    private readonly Option<string?> _apiKeyFile = new("--api-key-file")
    {
        Description = $"File with the API key; without it, the environment variable {KeyVariable}.",
    };

    private readonly Option<string?> _tokenFile = new("--token-file") { Description = "File with a JSON Web Token." };

    public void AddTo(Command command)
    {
        command.Options.Add(_ca);
        command.Options.Add(_certificate);
        command.Options.Add(_certificateKey);
        command.Options.Add(_apiKeyFile);
        command.Options.Add(_tokenFile);
        command.Validators.Add(result =>
        {
            if ((result.GetValue(_certificate) is null) != (result.GetValue(_certificateKey) is null))
                result.AddError("--cert and --cert-key go together.");
            if (result.GetValue(_apiKeyFile) is not null && result.GetValue(_tokenFile) is not null)
                result.AddError("--api-key-file and --token-file exclude each other.");
        });
    }

    /// <exception cref="InvalidDataException">A file does not hold what it should.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public ServerAccess Read(ParseResult parsed, Uri address)
    {
        string? ca = parsed.GetValue(_ca);
        string? certificate = parsed.GetValue(_certificate);
        if (address.Scheme != Uri.UriSchemeHttps && (ca ?? certificate) is not null)
        {
            throw new InvalidDataException($"--ca and --cert are for addresses that begin with https; --address is {address}.");
        }

        return new ServerAccess
        {
            Authorities = ca is null ? null : Authorities(ca),
            Certificate = certificate is null ? null : Certificate(certificate, parsed.GetValue(_certificateKey)!),
            Credentials = (parsed.GetValue(_apiKeyFile) ?? parsed.GetValue(_tokenFile)) is { } secret
                ? Secret(File.ReadAllText(secret), secret)
                : Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? Secret(key, KeyVariable) : null,
        };
    }

    // A header cannot hold anything else, and its error would show what is in it.
    private static string Secret(string text, string where) => text.Trim() is { Length: > 0 } secret && secret.All(static c => c is > ' ' and <= '~')
        ? secret
        : throw new InvalidDataException($"{where} holds no key or token.");

    private static X509Certificate2Collection Authorities(string file)
    {
        X509Certificate2Collection authorities = [];
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"{file} holds no certificates in PEM: {e.Message}", e);
        }

        return authorities.Count > 0 ? authorities : throw new InvalidDataException($"{file} holds no certificates in PEM.");
    }

    private static X509Certificate2 Certificate(string file, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(file, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"{file} and {key} hold no certificate with its key, in PEM and without a password: {e.Message}", e);
        }
    }
}
