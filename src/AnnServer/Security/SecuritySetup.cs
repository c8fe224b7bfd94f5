using AnnServer.Hosting;
using AnnServer.Rpc;
using AnnServer.Security.Keys;
using AnnServer.Security.Limits;
using AnnServer.Security.Tls;
using AnnServer.Security.Tokens;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace AnnServer.Security;

/// <summary>Puts the parts together. Where nobody is asked who they are, points are served without any of them.</summary>
internal static class SecuritySetup
{
    private const string KeyOrToken = "KeyOrToken";

    public static void AddSecurity(this IGrpcServerBuilder grpc, ServerOptions options, SecurityFiles files)
    {
        AccessMode mode = new(!options.HasAuthentication, options.Tls.ClientCaPath is not null);
        IServiceCollection services = grpc.Services;
        services.AddSingleton(mode);
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<AccessInterceptor>();
        // Also where everything is open, for the audit log: these calls are few.
        grpc.AddServiceOptions<AdminService>(static service => service.Interceptors.Add<AccessInterceptor>());
        grpc.AddServiceOptions<CollectionsService>(static service => service.Interceptors.Add<AccessInterceptor>());
        services.AddSingleton(files);
        services.AddSingleton<CallerAdmission>();
        if (mode.IsOpen)
        {
            return;
        }

        grpc.AddServiceOptions<PointsService>(static service => service.Interceptors.Add<AccessInterceptor>());
        AddAuthentication(services, options, files);
        services.AddSingleton<IAuthorizationHandler, AccessHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessResultHandler>();
        // For every endpoint that does not say that it is open, also those that nobody has thought of.
        services.AddAuthorization(static authorization =>
            authorization.FallbackPolicy = new AuthorizationPolicyBuilder().AddRequirements(new AccessRequirement()).Build());
    }

    /// <summary>Before the endpoints, and before or after /metrics as it is to be open or not.</summary>
    public static void UseSecurity(this WebApplication app, ServerOptions options)
    {
        if (!options.Auth.ProtectMetrics || !options.HasAuthentication)
        {
            app.UseMetricsEndpoint();
        }

        if (options.HasAuthentication)
        {
            app.UseAuthentication();
            app.UseAuthorization();
        }

        if (options.Auth.ProtectMetrics && options.HasAuthentication)
        {
            app.UseMetricsEndpoint();
        }

        CallerAdmission callers = app.Services.GetRequiredService<CallerAdmission>();
        app.Use(next => context => callers.InvokeAsync(context, next));
    }

    /// <summary>TLS with the certificate as it is when a client connects.</summary>
    /// <param name="demand">A client certificate, where there are authorities for them, before anything else is said.</param>
    public static void UseTls(this ListenOptions listen, SecurityFiles files, bool demand)
    {
        if (files.Tls is { } tls)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(tls.Current.ForConnection(demand)),
            });
        }
    }

    private static void AddAuthentication(IServiceCollection services, ServerOptions options, SecurityFiles files)
    {
        bool keys = files.Keys is not null;
        bool tokens = options.Auth.Jwt.IsOn;
        int before = services.Count;
        AuthenticationBuilder authentication = services.AddAuthentication(
            keys && tokens ? KeyOrToken : keys ? KeysFile.Scheme : tokens ? JwtSetup.Scheme : ClientCertificateHandler.Name);
        // It brings the protection of cookies along, which there are none of, and that would make keys in the home directory.
        for (int i = services.Count - 1; i >= before; i--)
        {
            if (services[i].ServiceType == typeof(IHostedService))
            {
                services.RemoveAt(i);
            }
        }

        if (keys && tokens)
        {
            authentication.AddPolicyScheme(KeyOrToken, null, static scheme => scheme.ForwardDefaultSelector = static context =>
                Credentials.IsToken(Credentials.Of(context.Request)) ? JwtSetup.Scheme : KeysFile.Scheme);
        }

        if (keys)
        {
            services.AddSingleton(provider => new ApiKeys(files.Keys!, provider.GetRequiredService<TimeProvider>()));
            authentication.AddScheme<AuthenticationSchemeOptions, KeyHandler>(KeysFile.Scheme, null);
        }

        if (tokens)
        {
            authentication.AddJwt(options.Auth.Jwt, files);
        }

        if (!keys && !tokens)
        {
            authentication.AddScheme<AuthenticationSchemeOptions, ClientCertificateHandler>(ClientCertificateHandler.Name, null);
        }
    }
}
