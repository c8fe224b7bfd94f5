using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace AnnServer.Security.Keys;

/// <summary>Authentication by an API key.</summary>
internal sealed class KeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? key = Credentials.Of(Request);
        // A key that is none is no failure, of which a line would be logged each time: the audit log has what is to be known of it.
        return Task.FromResult(!string.IsNullOrEmpty(key) && keys.Find(key) is { } caller
            ? AuthenticateResult.Success(new AuthenticationTicket(caller.Principal, Scheme.Name))
            : AuthenticateResult.NoResult());
    }
}
