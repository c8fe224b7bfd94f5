using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using AnnServer.Engine.Model;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;

namespace AnnServer.FunctionalTests.Repository;

/// <summary>The tables of settings in README.md hold every setting with its default, and no other.</summary>
public sealed partial class SettingsTableTests
{
    private const string Settings = "## Settings";
    private const string Limits = "### Limits";

    [Fact]
    public void Readme_TableOfSettings_IsThatOfTheOptions()
    {
        Dictionary<string, string> expected = Defaults(new ServerOptions(), $"{ServerOptions.Section}:");

        Assert.Equal(Sorted(expected), Sorted(Rows(Section(Settings)).Where(row => row.Key.StartsWith("Ann:", StringComparison.Ordinal))));
    }

    [Fact]
    public void Readme_SignOfReloading_IsBesideWhatReloads()
    {
        Dictionary<string, string> before = Defaults(new ServerOptions(), $"{ServerOptions.Section}:");
        Dictionary<string, string> after = Defaults(new ServerOptions().WithReloadable((ServerOptions)Other(typeof(ServerOptions))), $"{ServerOptions.Section}:");

        IEnumerable<string> marked = Section(Settings).Split('\n').Select(static line => line.Split('|')).Where(static cells => cells.Length > 2 && cells[1].Contains('↻'))
            .SelectMany(static cells => InBackticks().Matches(cells[1]).Select(static match => match.Groups["text"].Value));

        Assert.Equal(after.Except(before).Select(static setting => setting.Key).Order(StringComparer.Ordinal), marked.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Readme_TableOfLimits_IsThatOfTheLimits()
    {
        Dictionary<string, string> expected = Defaults(new EngineLimits(), "");

        Assert.Equal(Sorted(expected), Sorted(Rows(Section(Limits))));
    }

    [Fact]
    public void Rows_SeveralKeysInACell_EachHasItsDefault()
    {
        const string table = "| key | default | |\n| --- | --- | --- |\n| `A`, `B` (of `C`) | 1,000, 2 | text `D` |\n| E | 5 |";

        Assert.Equal([KeyValuePair.Create("A", "1000"), KeyValuePair.Create("B", "2")], Rows(table));
    }

    private static IEnumerable<string> Sorted(IEnumerable<KeyValuePair<string, string>> settings) =>
        settings.Select(setting => $"{setting.Key} {setting.Value}").Order(StringComparer.Ordinal);

    /// <summary>From a heading to the next.</summary>
    private static string Section(string heading) => Checkout.Text("README.md").Split($"\n{heading}\n")[1].Split("\n#")[0];

    /// <summary>Keys and defaults of a table whose cells are a key and its default, and again; or several of both, with commas between.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Rows(string table)
    {
        foreach (string line in table.Split('\n').Where(line => line.StartsWith('|')))
        {
            string[] cells = [.. line.Trim('|').Split('|').Select(cell => InParentheses().Replace(cell, "").Trim())];
            for (int cell = 0; cell + 1 < cells.Length; cell += 2)
            {
                string[] keys = [.. InBackticks().Matches(cells[cell]).Select(match => match.Groups["text"].Value)];
                string[] defaults = cells[cell + 1].Split(", ");
                for (int i = 0; i < keys.Length; i++)
                {
                    yield return KeyValuePair.Create(keys[i], Plain(defaults.Length == 1 ? defaults[0] : defaults.ElementAtOrDefault(i) ?? "nothing"));
                }
            }
        }
    }

    // Thousands are set apart for people.
    private static string Plain(string text) => Thousands().Replace(text, "").Trim('`');

    private static Dictionary<string, string> Defaults(object options, string prefix)
    {
        Dictionary<string, string> defaults = [];
        foreach (PropertyInfo property in options.GetType().GetProperties().Where(static property => property.CanWrite))
        {
            object? value = property.GetValue(options);
            // The limits have a table of their own; other groups of settings are rows of the first.
            if (value is EngineLimits)
            {
                continue;
            }

            string key = $"{prefix}{property.Name}";
            if (value is not null && property.PropertyType.Namespace?.StartsWith("AnnServer.", StringComparison.Ordinal) == true && property.PropertyType.IsClass)
            {
                foreach ((string name, string text) in Defaults(value, $"{key}:"))
                {
                    defaults.Add(name, text);
                }

                continue;
            }

            defaults.Add(key, Text(value));
        }

        return defaults;
    }

    /// <summary>Settings of which none is as by default.</summary>
    private static object Other(Type type)
    {
        object settings = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties().Where(static property => property.CanWrite))
        {
            property.SetValue(settings, property.GetValue(settings) switch
            {
                bool flag => !flag,
                int number => number + 1,
                long number => number + 1,
                double number => number + 1,
                TimeSpan time => time + TimeSpan.FromSeconds(1),
                LogFormat => LogFormat.Json,
                IPAddress => IPAddress.None,
                string text => $"other {text}",
                null when property.PropertyType == typeof(string) => "other",
                null when property.PropertyType == typeof(Uri) => new Uri("http://other"),
                _ => Other(property.PropertyType),
            });
        }

        return settings;
    }

    private static string Text(object? value) => value switch
    {
        null => "none",
        string text => text,
        IEnumerable list when !list.Cast<object>().Any() => "none",
        bool flag => flag ? "true" : "false",
        Enum name => name.ToString().ToLowerInvariant(),
        IPAddress address => address.ToString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "Nothing says how the default of a setting of this type is written."),
    };

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex InParentheses();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex InBackticks();

    [GeneratedRegex(@"(?<=\d),(?=\d\d\d)")]
    private static partial Regex Thousands();
}
