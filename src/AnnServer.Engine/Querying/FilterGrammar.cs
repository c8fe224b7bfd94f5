using AnnServer.Engine.Attributes;
using Parlot;
using Parlot.Fluent;

namespace AnnServer.Engine.Querying;

/// <summary>
/// The grammar of AIP-160, https://google.aip.dev/160: OR binds tighter than AND, and conditions that stand side by side are
/// joined as by AND. It differs in three ways: a value without an attribute is refused, since it does not say what text to search it
/// in; attributes have no fields; a wildcard can only be the end of a string.
/// </summary>
internal static class FilterGrammar
{
    private const string ConditionWanted = "expected a condition such as attribute = value";
    private const string ComparatorWanted = "expected a comparator (= != < <= > >= :)";
    private const string ArgumentWanted = "expected an argument: an attribute, a number or a string in quotes";
    private const string ValueWanted = "expected a value: a string in quotes, a number, true, false, null or a parenthesised list";

    /// <summary>A whole expression.</summary>
    public static readonly Parser<Predicate> Expression = Build();

    private static Parser<Predicate> Build()
    {
        Parser<QuotedText> quoted = new QuotedTextParser();
        Parser<Predicate> restriction = BuildRestriction(quoted, BuildArgument(quoted));
        (Parser<Predicate> expression, _) = BuildLogic(
            restriction,
            ConditionWanted,
            static parts => new Predicate.And([.. parts]),
            static parts => new Predicate.Or([.. parts]),
            static part => new Predicate.Not(part));
        return expression.ElseError(ConditionWanted).Then(static (context, predicate) => RequireEnd(context, predicate));
    }

    /// <summary>AND, OR, NOT and parentheses over any kind of leaf: conditions, and the values of a list.</summary>
    /// <returns>The whole, and what stands in one pair of parentheses.</returns>
    private static (Parser<T> Expression, Parser<T> Composite) BuildLogic<T>(
        Parser<T> leaf,
        string wanted,
        Func<IReadOnlyList<T>, T> all,
        Func<IReadOnlyList<T>, T> any,
        Func<T, T> except)
    {
        Deferred<T> expression = Deferred<T>();
        Parser<T> composite = Terms.Char('(')
            .Then(static (context, _, end, parenthesis) =>
            {
                ((FilterParseContext)context).Open(end);
                return parenthesis;
            })
            .SkipAnd(expression.ElseError($"{wanted} after '('"))
            .AndSkip(Terms.Char(')').ElseError("expected AND, OR or ')'"))
            .Then(static (context, inner) =>
            {
                ((FilterParseContext)context).Close();
                return inner;
            });
        Parser<T> simple = composite.Or(leaf);

        // In a list of values a '-' before a digit is a sign.
        Parser<char> minus = Terms.Char('-').WhenNotFollowedBy(Literals.Pattern(static c => char.IsAsciiDigit(c) || c == '.', 1, 1));
        Parser<T> term = OneOf(
            Keyword("NOT").SkipAnd(simple.ElseError($"{wanted} after NOT")).Then(except),
            minus.SkipAnd(simple.ElseError($"{wanted} after '-'")).Then(except),
            simple);
        Parser<T> factor = Join(term, Keyword("OR").SkipAnd(term.ElseError($"{wanted} after OR")), any);
        Parser<T> sequence = Join(factor, factor, all);
        expression.Parser = Join(sequence, Keyword("AND").SkipAnd(sequence.ElseError($"{wanted} after AND")), all);
        return (expression, composite);
    }

    private static Parser<T> Join<T>(Parser<T> first, Parser<T> next, Func<IReadOnlyList<T>, T> combine) =>
        first.And(ZeroOrMany(next)).Then(parts => parts.Item2.Count == 0 ? parts.Item1 : combine([parts.Item1, .. parts.Item2]));

    private static Parser<FilterArgument> BuildArgument(Parser<QuotedText> quoted)
    {
        Parser<FilterArgument> text = quoted.Then(static text => FilterArgument.Of(text));
        Parser<FilterArgument> function = Terms.Pattern(static c => char.IsAsciiLetterOrDigit(c) || c == '_')
            .AndSkip(Literals.Char('('))
            .Then(static (_, start, _, name) => name.Span is "timestamp"
                ? start
                : throw FilterParseContext.At(start, $"unknown function '{name}'; there is timestamp(\"...\")"))
            .And(quoted.ElseError("expected a time in quotes after 'timestamp('"))
            .AndSkip(Terms.Char(')').ElseError("expected ')'"))
            .Then<FilterArgument>(static call => new FilterArgument.Literal(ReadTime(call.Item2, call.Item1), call.Item1));
        Parser<FilterArgument> word = Terms.Pattern(IsValueCharacter)
            .When(static (_, span) => !IsKeyword(span.Span))
            .Then(static (_, start, _, span) => LiteralReader.Read(span.ToString(), start));
        Parser<FilterArgument> literal = OneOf(text, function, word);
        (_, Parser<FilterArgument> list) = BuildLogic(
            literal,
            "expected a value",
            static parts => new FilterArgument.All(parts),
            static parts => new FilterArgument.Any(parts),
            static part => new FilterArgument.Except(part));

        return list.Or(literal);
    }

    private static Parser<Predicate> BuildCall(Parser<QuotedText> quoted)
    {
        Parser<FunctionArgument> argument = OneOf(
            quoted.Then(static text => new FunctionArgument(null, text, text.Offset)),
            Terms.Pattern(IsValueCharacter).Then(static (_, start, _, span) => new FunctionArgument(span.ToString(), null, start)));
        Parser<(string, int)> function = Terms.Pattern(IsNameCharacter)
            .When(static (_, span) => !IsKeyword(span.Span))
            .AndSkip(Literals.Char('('))
            .Then(static (_, start, _, span) => (span.ToString()!, start));
        return function
            .And(Separated(Terms.Char(','), argument.ElseError(ArgumentWanted)))
            .AndSkip(Terms.Char(')').ElseError("expected ',' or ')'"))
            .Then(static (context, call) => FunctionBuilder.Build((FilterParseContext)context, call.Item1, call.Item2));
    }

    private static Parser<Predicate> BuildRestriction(Parser<QuotedText> quoted, Parser<FilterArgument> argument)
    {
        Parser<Predicate> bareString = quoted.Then<Predicate>(
            static text => throw FilterParseContext.At(text.Offset, "a value needs an attribute and a comparator before it"));
        Parser<string> comparator = OneOf(
            Terms.Text("<="), Terms.Text(">="), Terms.Text("!="), Terms.Text("<"), Terms.Text(">"), Terms.Text("="), Terms.Text(":"));
        Parser<(string, int)> attribute = Terms.Pattern(IsNameCharacter)
            .When(static (_, span) => !IsKeyword(span.Span))
            .Then(static (_, start, _, span) => (span.ToString(), start));
        Parser<Predicate> restriction = attribute
            .And(comparator.Else((string)null!))
            .Then(static (context, pair) => pair.Item2 is null ? throw Bare(context, pair.Item1) : pair)
            .And(argument.ElseError(ValueWanted))
            .Then(static (context, parts) =>
                RestrictionBuilder.Build((FilterParseContext)context, parts.Item1.Item1, parts.Item1.Item2, parts.Item2));
        return OneOf(BuildCall(quoted), restriction, bareString);
    }

    private static ParseException Bare(ParseContext context, (string Name, int Offset) attribute)
    {
        if (!char.IsLetterOrDigit(attribute.Name[0]) && attribute.Name[0] != '_')
        {
            return FilterParseContext.At(attribute.Offset, $"{ConditionWanted}, not '{FirstOf(attribute.Name)}'");
        }

        context.SkipWhiteSpace();
        return FilterParseContext.At(
            context.Scanner.Cursor.Offset, $"{ComparatorWanted} after '{attribute.Name}'; a value without an attribute is not supported");
    }

    private static Predicate RequireEnd(ParseContext context, Predicate predicate)
    {
        context.SkipWhiteSpace();
        if (!context.Scanner.Cursor.Eof)
        {
            throw FilterParseContext.At(
                context.Scanner.Cursor.Offset, $"expected AND, OR or the end, not '{context.Scanner.Cursor.Current}'");
        }

        return predicate;
    }

    // Both halves of a pair: one alone cannot be sent.
    private static string FirstOf(string text) => text[..(text.Length > 1 && char.IsSurrogatePair(text, 0) ? 2 : 1)];

    private static AttributeValue ReadTime(QuotedText text, int offset) => Rfc3339.TryParse(text.Text, out DateTimeOffset instant)
        ? AttributeValue.Of(instant)
        : throw FilterParseContext.At(offset, "timestamp() takes an RFC 3339 time such as \"2024-01-31T00:00:00Z\"");

    private static Parser<TextSpan> Keyword(string keyword) =>
        Terms.Pattern(IsNameCharacter).When((_, span) => span.Span.SequenceEqual(keyword));

    private static bool IsKeyword(ReadOnlySpan<char> word) => word is "AND" or "OR" or "NOT";

    // Signs and colons belong to numbers and times; left of a comparator a '-' negates and a ':' compares.
    private static bool IsValueCharacter(char c) => !char.IsWhiteSpace(c) && !"()\"',=<>!".Contains(c);

    private static bool IsNameCharacter(char c) => IsValueCharacter(c) && c is not ('-' or ':');
}
