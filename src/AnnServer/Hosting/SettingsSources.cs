using System.Security.Cryptography;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.FileProviders.Physical;

namespace AnnServer.Hosting;

/// <summary>
/// Where settings come from: files, environment, command line, each over those before it. Files are looked at by their content: that sees what
/// Kubernetes does with links, works on every file system, and takes none of the watches that a system has for each user.
/// </summary>
internal sealed class SettingsSources
{
    private readonly ConfigurationBuilder _builder = new();
    private readonly FileConfigurationSource[] _files;
    private string[] _seen;

    /// <param name="sources">Those of a host; the file that <see cref="ServerOptions.SettingsPath"/> names comes after its files.</param>
    /// <exception cref="SettingsException">A file cannot be read.</exception>
    public SettingsSources(IConfigurationBuilder sources)
    {
        foreach ((string name, object value) in sources.Properties)
        {
            _builder.Properties.Add(name, value);
        }

        foreach (IConfigurationSource source in sources.Sources)
        {
            _builder.Add(source);
        }

        if (Read()[$"{ServerOptions.Section}:{nameof(ServerOptions.SettingsPath)}"] is { Length: > 0 } path)
        {
            string full = Path.GetFullPath(path);
            int files = _builder.Sources.ToList().FindLastIndex(static source => source is FileConfigurationSource) + 1;
            _builder.Sources.Insert(files, new JsonConfigurationSource
            {
                Path = Path.GetFileName(full),
                // A name may begin with a dot.
                FileProvider = new PhysicalFileProvider(Path.GetDirectoryName(full)!, ExclusionFilters.None),
            });
        }

        _files = [.. _builder.Sources.OfType<FileConfigurationSource>()];
        foreach (FileConfigurationSource file in _files)
        {
            // One that is there now is missed when it is gone: its settings do not fall back to the defaults.
            file.Optional = file.Optional && !Info(file).Exists;
        }

        _seen = Look();
    }

    /// <summary>Those of a server that is started with these arguments, without one.</summary>
    /// <exception cref="SettingsException">A file cannot be read.</exception>
    public static SettingsSources Of(string[] args)
    {
        string environment = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")
            ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
            ?? Environments.Production;
        return new SettingsSources(new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory)
            .AddJsonFile("appsettings.json", optional: true)
            .AddJsonFile($"appsettings.{environment}.json", optional: true)
            .AddEnvironmentVariables()
            .AddCommandLine(args));
    }

    /// <summary>Whether a file has another content than when this was last asked, or else at the start.</summary>
    public bool HaveChanged()
    {
        string[] now = Look();
        bool isOther = !now.SequenceEqual(_seen);
        _seen = now;
        return isOther;
    }

    /// <summary>What all of them say now.</summary>
    /// <exception cref="SettingsException">A file cannot be read.</exception>
    public IConfigurationRoot Read()
    {
        try
        {
            return _builder.Build();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Exception cause = e.GetBaseException();
            throw new SettingsException([cause == e ? e.Message : $"{e.Message} {cause.Message}"]);
        }
    }

    private string[] Look() => [.. _files.Select(Content)];

    private static string Content(FileConfigurationSource file)
    {
        try
        {
            if (Info(file) is not { Exists: true } info)
            {
                return "";
            }

            using Stream content = info.CreateReadStream();
            return Convert.ToHexString(SHA256.HashData(content));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another content, whose reading will say what is wrong.
            return e.Message;
        }
    }

    // Its provider has been set by the first reading.
    private static IFileInfo Info(FileConfigurationSource file) => file.FileProvider!.GetFileInfo(file.Path!);
}
