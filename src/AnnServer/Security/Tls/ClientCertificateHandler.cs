using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace AnnServer.Security.Tls;

/// <summary>
/// Authentication by nothing but a client certificate, which the handshake has checked: where there are neither keys nor tokens, whoever
/// has one may do everything.
/// </summary>
internal sealed class ClientCertificateHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "ClientCertificate";

    private static readonly Grant[] Everything = [new(Role.Admin, [Grant.Everything])];

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.ClientCertificate is not { } certificate)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        Caller caller = new(certificate.Subject, Name, Everything);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(caller.Principal, Name)));
    }
}
