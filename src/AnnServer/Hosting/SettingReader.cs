using System.Globalization;
using System.Net;
using System.Numerics;

namespace AnnServer.Hosting;

/// <summary>
/// Reads single settings of one section and collects what is wrong with them. The configuration binder is not used because it
/// stops at the first value it cannot convert.
/// </summary>
internal sealed class SettingReader(IConfiguration configuration, string section, List<string> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public SettingReader Within(string name)
    {
        _known.Add(name);
        return new SettingReader(configuration, $"{section}:{name}", faults);
    }

    public T Integer<T>(string name, T fallback, T least, T most)
        where T : IBinaryInteger<T>
    {
        string? text = Text(name);
        if (text is null)
        {
            return fallback;
        }

        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T? value) && value >= least && value <= most)
        {
            return value;
        }

        return Refuse(name, text, $"a whole number from {least} to {most}", fallback);
    }

    public double Number(string name, double fallback, double least, double most)
    {
        string? text = Text(name);
        return text is null ? fallback
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most ? value
            : Refuse(name, text, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"), fallback);
    }

    public string NotEmpty(string name, string fallback)
    {
        string? text = configuration[Key(name)];
        _known.Add(name);
        return text is null ? fallback
            : string.IsNullOrWhiteSpace(text) ? Refuse(name, text, "a path", fallback)
            : text;
    }

    /// <summary>A path, or null where there is none.</summary>
    public string? Path(string name) => Text(name);

    /// <summary>Any text, or null where there is none.</summary>
    public string? Optional(string name) => Text(name);

    public bool Truth(string name, bool fallback)
    {
        string? text = Text(name);
        return text is null ? fallback
            : bool.TryParse(text, out bool value) ? value
            : Refuse(name, text, "true or false", fallback);
    }

    public IPAddress Address(string name, IPAddress fallback)
    {
        string? text = Text(name);
        return text is null ? fallback
            : string.Equals(text, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : IPAddress.TryParse(text, out IPAddress? address) ? address
            : Refuse(name, text, "an IP address, as in 127.0.0.1, 0.0.0.0 or ::1", fallback);
    }

    public TimeSpan Duration(string name, TimeSpan fallback, TimeSpan least, TimeSpan most)
    {
        string? text = Text(name);
        return text is null ? fallback
            : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) && value >= least && value <= most ? value
            : Refuse(name, text, $"a duration from {least} to {most}, as in 00:00:30", fallback);
    }

    public bool Switch(string name, bool fallback)
    {
        string? text = Text(name);
        return text is null ? fallback
            : bool.TryParse(text, out bool value) ? value
            : Refuse(name, text, "true or false", fallback);
    }

    /// <summary>Origins of web pages, or a star, or null where there are none.</summary>
    public string? Origins(string name)
    {
        string? text = Text(name);
        return text is null or "*" || text.Split(',', StringSplitOptions.TrimEntries).All(IsOrigin) ? text
            : Refuse<string?>(name, text, "* or origins separated by commas, as in https://app.example.com,http://localhost:3000", null);
    }

    public Uri? HttpUri(string name)
    {
        string? text = Text(name);
        return text is null ? null
            : Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) ? uri
            : Refuse<Uri?>(name, text, "an address, as in http://localhost:4317", null);
    }

    public TEnum OneOf<TEnum>(string name, TEnum fallback)
        where TEnum : struct, Enum
    {
        string? text = Text(name);
        if (text is null)
        {
            return fallback;
        }

        foreach (TEnum value in Enum.GetValues<TEnum>())
        {
            if (string.Equals(value.ToString(), text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return Refuse(name, text, string.Join(" or ", Enum.GetNames<TEnum>()).ToLowerInvariant(), fallback);
    }

    /// <summary>Keys of the section that no setting has: most likely misspelt.</summary>
    public IEnumerable<string> UnknownKeys() =>
        configuration.GetSection(section).GetChildren().Select(child => child.Key).Where(key => !_known.Contains(key)).Select(Key);

    /// <summary>The value, or null where it is absent or empty: an empty environment variable unsets nothing in .NET.</summary>
    private string? Text(string name)
    {
        _known.Add(name);
        string? text = configuration[Key(name)];
        return string.IsNullOrEmpty(text) ? null : text;
    }

    private T Refuse<T>(string name, string text, string allowed, T fallback)
    {
        faults.Add($"{Key(name)} is \"{text}\"; allowed: {allowed}.");
        return fallback;
    }

    /// <summary>Written as browsers write it: a scheme and an authority, and nothing after them.</summary>
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.GetLeftPart(UriPartial.Authority) == text;

    private string Key(string name) => $"{section}:{name}";
}
