# syntax=docker/dockerfile:1
# deploy/check-image-steps runs the RUN lines of the stage "build" and the entry point without Docker; keep them to dotnet commands.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source

# What decides the packages comes first, so that a change of code does not restore again.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/AnnServer.Core/AnnServer.Core.csproj src/AnnServer.Core/packages.lock.json src/AnnServer.Core/
COPY src/AnnServer.Storage/AnnServer.Storage.csproj src/AnnServer.Storage/packages.lock.json src/AnnServer.Storage/
COPY src/AnnServer.Engine/AnnServer.Engine.csproj src/AnnServer.Engine/packages.lock.json src/AnnServer.Engine/
COPY src/AnnServer.Protocol/AnnServer.Protocol.csproj src/AnnServer.Protocol/packages.lock.json src/AnnServer.Protocol/
COPY src/AnnServer/AnnServer.csproj src/AnnServer/packages.lock.json src/AnnServer/
# Compiled ahead: a start takes a third less time than with the compiler at work.
RUN dotnet restore src/AnnServer --locked-mode -p:PublishReadyToRun=true

COPY protos protos
COPY src src
RUN dotnet publish src/AnnServer -c Release --no-restore -p:PublishReadyToRun=true -o /app

# The final image has no shell to make directories with.
WORKDIR /data
WORKDIR /backups

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
COPY --from=build /app /app
COPY --from=build --chown=$APP_UID:$APP_UID /data /data
COPY --from=build --chown=$APP_UID:$APP_UID /backups /backups
# The base image sets ASPNETCORE_HTTP_PORTS; the ports are ours to choose. On all addresses the server only starts with authentication
# configured, or with Ann__Auth__AllowAnonymous=true; which of them is for those to say who run the image.
ENV ASPNETCORE_HTTP_PORTS= \
    Ann__DataDirectory=/data \
    Ann__ListenAddress=0.0.0.0
VOLUME /data
EXPOSE 50051 8080
USER $APP_UID
WORKDIR /app
# Nor anything to ask the server with but the server. It answers 503 until its database is open, which nothing should be done about for a while.
HEALTHCHECK --interval=15s --timeout=5s --start-period=5m --start-interval=1s CMD ["dotnet", "AnnServer.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "AnnServer.dll"]
