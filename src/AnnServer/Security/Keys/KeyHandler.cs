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
        return Task.FromResult(
            string.IsNullOrEmpty(key) ? AuthenticateResult.NoResult()
            : keys.Find(key) is { } caller ? AuthenticateResult.Success(new AuthenticationTicket(caller.Principal, Scheme.Name))
            : AuthenticateResult.Fail("There is no such key, or it has expired."));
    }
}
