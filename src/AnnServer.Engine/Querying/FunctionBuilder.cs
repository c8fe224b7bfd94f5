using System.Globalization;
using System.Text;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>Turns <c>function(attribute, arguments)</c> into a predicate.</summary>
internal static class FunctionBuilder
{
    private const string Known = "text_match, text_any, geo_radius and geo_box";

    /// <param name="context">Counts the leaf.</param>
    /// <param name="function">The name, and where it stands.</param>
    /// <param name="arguments">What is between the parentheses.</param>
    public static Predicate Build(FilterParseContext context, (string Name, int Offset) function, IReadOnlyList<FunctionArgument> arguments)
    {
        Predicate leaf = function.Name switch
        {
            "text_match" => Text(function, arguments, TextMatchMode.All),
            "text_any" => Text(function, arguments, TextMatchMode.Any),
            "geo_radius" => Radius(function, arguments),
            "geo_box" => Box(function, arguments),
            _ => throw FilterParseContext.At(function.Offset, $"unknown function '{function.Name}'; there are {Known}"),
        };
        return context.Leaf(leaf, function.Offset);
    }

    private static Predicate.TextMatch Text((string Name, int Offset) function, IReadOnlyList<FunctionArgument> arguments, TextMatchMode mode)
    {
        Require(function, arguments, "attribute", "words");
        string attribute = Attribute(arguments[0]);
        return new Predicate.TextMatch(attribute, Query(arguments[1]), mode);
    }

    private static Predicate.GeoRadius Radius((string Name, int Offset) function, IReadOnlyList<FunctionArgument> arguments)
    {
        Require(function, arguments, "attribute", "latitude", "longitude", "meters");
        string attribute = Attribute(arguments[0]);
        GeoPoint center = new(Number(arguments[1], "latitude"), Number(arguments[2], "longitude"));
        return new Predicate.GeoRadius(attribute, center, Number(arguments[3], "radius in meters"));
    }

    private static Predicate.GeoBox Box((string Name, int Offset) function, IReadOnlyList<FunctionArgument> arguments)
    {
        Require(function, arguments, "attribute", "south", "west", "north", "east");
        string attribute = Attribute(arguments[0]);
        GeoPoint southWest = new(Number(arguments[1], "south"), Number(arguments[2], "west"));
        return new Predicate.GeoBox(attribute, southWest, new GeoPoint(Number(arguments[3], "north"), Number(arguments[4], "east")));
    }

    private static void Require((string Name, int Offset) function, IReadOnlyList<FunctionArgument> arguments, params ReadOnlySpan<string> names)
    {
        if (arguments.Count != names.Length)
        {
            throw FilterParseContext.At(
                function.Offset, $"expected {function.Name}({string.Join(", ", names)}), with {names.Length} arguments instead of {arguments.Count}");
        }
    }

    private static string Attribute(FunctionArgument argument)
    {
        if (argument.Word is null)
        {
            throw FilterParseContext.At(argument.Offset, "expected the name of an attribute, without quotes");
        }

        return AttributeNames.IsValid(argument.Word)
            ? argument.Word
            : throw FilterParseContext.At(argument.Offset, $"'{argument.Word}' is not an attribute: {AttributeNames.Rule}");
    }

    /// <summary>A star that was escaped is none of the query's.</summary>
    private static string Query(FunctionArgument argument)
    {
        if (argument.Quoted is not { } quoted)
        {
            return Utf8Order.IsWellFormed(argument.Word)
                ? argument.Word!
                : throw FilterParseContext.At(argument.Offset, "there is a lone surrogate");
        }

        StringBuilder query = new StringBuilder(quoted.Text).Replace('*', ' ');
        foreach (int wildcard in quoted.Wildcards)
        {
            query[wildcard] = '*';
        }

        return query.ToString();
    }

    private static double Number(FunctionArgument argument, string what)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(argument.Word, Style, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw FilterParseContext.At(argument.Offset, $"expected the {what} as a number");
    }
}
