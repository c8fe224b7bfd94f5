using System.Globalization;
using System.Reflection;

namespace AnnServer.Hosting;

/// <summary>Every setting by its key, as in <c>Ann:Limits:MaxK</c>, with its value as it would be written.</summary>
internal static class SettingValues
{
    public static IReadOnlyDictionary<string, string> Of(ServerOptions options)
    {
        Dictionary<string, string> values = [];
        Add(options, ServerOptions.Section, values);
        return values;
    }

    private static void Add(object group, string key, Dictionary<string, string> values)
    {
        foreach (PropertyInfo property in group.GetType().GetProperties().Where(static property => property.CanWrite))
        {
            string name = $"{key}:{property.Name}";
            object? value = property.GetValue(group);
            if (value is not null && property.PropertyType is { IsClass: true, Namespace: { } space } && space.StartsWith(nameof(AnnServer), StringComparison.Ordinal))
            {
                Add(value, name, values);
            }
            else
            {
                values.Add(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            }
        }
    }
}
