using AnnServer.Security.Keys;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace AnnServer.Security.Tokens;

/// <summary>Tokens are checked by ASP.NET Core; here is what it is told to demand.</summary>
internal static class JwtSetup
{
    public const string Scheme = JwtBearerDefaults.AuthenticationScheme;

    // Clocks of servers agree within seconds.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    public static void AddJwt(this AuthenticationBuilder authentication, JwtOptions options, SecurityFiles files)
    {
        authentication.Services.AddSingleton<VerifiedTokens>();
        authentication.AddJwtBearer(Scheme, bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.SaveToken = false;
            bearer.Authority = options.Authority?.ToString();
            bearer.RequireHttpsMetadata = options.Authority is { IsLoopback: false };
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = options.Issuer,
                ValidAudience = options.Audience,
                ValidAlgorithms = options.AlgorithmList(),
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                ClockSkew = ClockSkew,
            };
            if (files.SigningKeys is { } keys)
            {
                bearer.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, _, _) => keys.Current;
            }

            bearer.Events = new JwtBearerEvents
            {
                OnMessageReceived = context =>
                {
                    Find(context, files);
                    return Task.CompletedTask;
                },
                OnTokenValidated = context =>
                {
                    Caller caller = ToCaller(context, options.RolesClaim);
                    Verified(context.HttpContext).Add(Credentials.Of(context.Request)!, files.SigningKeys?.Current, caller);
                    context.Principal = caller.Principal;
                    return Task.CompletedTask;
                },
            };
        });
    }

    private static void Find(MessageReceivedContext context, SecurityFiles files)
    {
        context.Token = Credentials.Of(context.Request);
        if (context.Token is { } token && Verified(context.HttpContext).Find(token, files.SigningKeys?.Current) is { } caller)
        {
            context.Principal = caller.Principal;
            context.Success();
        }
    }

    private static VerifiedTokens Verified(HttpContext call) => call.RequestServices.GetRequiredService<VerifiedTokens>();

    private static Caller ToCaller(TokenValidatedContext context, string rolesClaim)
    {
        string name = context.Principal?.FindFirst("sub")?.Value ?? context.Principal?.FindFirst("client_id")?.Value ?? "token";
        // Tokens carry roles of other services too; what is none here gives nothing.
        IEnumerable<Grant> grants = (context.Principal?.FindAll(rolesClaim) ?? [])
            .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(Grant.Parse)
            .OfType<Grant>();
        return new Caller(name, Scheme, [.. grants]) { NotAfter = new DateTimeOffset(context.SecurityToken.ValidTo, TimeSpan.Zero) + ClockSkew };
    }
}
