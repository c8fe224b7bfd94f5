using System.Collections.Immutable;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>Turns <c>attribute comparator argument</c> into predicates.</summary>
internal static class RestrictionBuilder
{
    public static Predicate Build(FilterParseContext context, (string Name, int Offset) attribute, string comparator, FilterArgument argument)
    {
        if (!AttributeNames.IsValid(attribute.Name))
        {
            throw FilterParseContext.At(attribute.Offset, $"'{attribute.Name}' is not an attribute: {AttributeNames.Rule}");
        }

        return argument switch
        {
            FilterArgument.Literal literal => BuildLeaf(context, attribute, comparator, literal),
            FilterArgument.Null absent => BuildNull(context, attribute, comparator, absent),
            FilterArgument.Prefix prefix => BuildPrefix(context, attribute, comparator, prefix),
            FilterArgument.All all => new Predicate.And(BuildAll(context, attribute, comparator, all.Parts)),
            FilterArgument.Any any => new Predicate.Or(BuildAll(context, attribute, comparator, any.Parts)),
            FilterArgument.Except except => new Predicate.Not(Build(context, attribute, comparator, except.Part)),
            _ => throw new ArgumentException("There is no such argument.", nameof(argument)),
        };
    }

    private static ImmutableArray<Predicate> BuildAll(
        FilterParseContext context, (string Name, int Offset) attribute, string comparator, IReadOnlyList<FilterArgument> arguments)
    {
        ImmutableArray<Predicate>.Builder built = ImmutableArray.CreateBuilder<Predicate>(arguments.Count);
        foreach (FilterArgument argument in arguments)
        {
            built.Add(Build(context, attribute, comparator, argument));
        }

        return built.MoveToImmutable();
    }

    private static Predicate BuildNull(
        FilterParseContext context, (string Name, int Offset) attribute, string comparator, FilterArgument.Null absent) => comparator switch
        {
            "=" => context.Leaf(new Predicate.IsNull(attribute.Name), attribute.Offset),
            "!=" => context.Leaf(new Predicate.Exists(attribute.Name), attribute.Offset),
            _ => throw FilterParseContext.At(
                absent.Offset, $"null goes with '=' and '!=', not with '{comparator}'; put it in quotes to compare with the string"),
        };

    private static Predicate BuildPrefix(
        FilterParseContext context, (string Name, int Offset) attribute, string comparator, FilterArgument.Prefix prefix)
    {
        if (comparator is not ("=" or "!=" or ":"))
        {
            throw FilterParseContext.At(
                prefix.Offset, $"a wildcard goes with '=', '!=' and ':', not with '{comparator}'; write \\* in quotes for the character");
        }

        Predicate leaf = context.Leaf(new Predicate.Prefix(attribute.Name, prefix.Text), prefix.Offset);
        return comparator != "!="
            ? leaf
            : new Predicate.And([context.Leaf(new Predicate.Exists(attribute.Name), attribute.Offset), new Predicate.Not(leaf)]);
    }

    private static Predicate BuildLeaf(
        FilterParseContext context, (string Name, int Offset) attribute, string comparator, FilterArgument.Literal literal)
    {
        if (literal.IsStar)
        {
            return comparator == ":"
                ? context.Leaf(new Predicate.Exists(attribute.Name), attribute.Offset)
                : throw FilterParseContext.At(literal.Offset, $"'*' asks for presence and goes with ':', not with '{comparator}'");
        }

        Predicate.Bound inclusive = new(literal.Value, true);
        Predicate.Bound exclusive = new(literal.Value, false);
        Predicate leaf = comparator switch
        {
            "=" => new Predicate.Eq(attribute.Name, literal.Value),
            "!=" => new Predicate.Ne(attribute.Name, literal.Value),
            ":" => new Predicate.Contains(attribute.Name, literal.Value),
            "<" => new Predicate.Range(attribute.Name, default, exclusive),
            "<=" => new Predicate.Range(attribute.Name, default, inclusive),
            ">" => new Predicate.Range(attribute.Name, exclusive, default),
            ">=" => new Predicate.Range(attribute.Name, inclusive, default),
            _ => throw new ArgumentException($"There is no comparator {comparator}.", nameof(comparator)),
        };
        return context.Leaf(leaf, literal.Offset);
    }
}
