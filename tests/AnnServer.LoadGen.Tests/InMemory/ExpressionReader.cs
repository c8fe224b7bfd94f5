using System.Text;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests.InMemory;

/// <summary>Reads the part of AIP-160 that the load generator writes: every compound in parentheses.</summary>
internal sealed class ExpressionReader
{
    private readonly string _text;
    private int _position;

    private ExpressionReader(string text) => _text = text;

    public static Predicate Read(string text)
    {
        ExpressionReader reader = new(text);
        Predicate predicate = reader.ReadTerm();
        return reader._position == text.Length ? predicate : throw reader.Unexpected();
    }

    private Predicate ReadTerm() => TryTake("(") ? ReadCompound() : ReadComparison();

    private Predicate ReadCompound()
    {
        if (TryTake("NOT "))
        {
            Predicate operand = ReadTerm();
            Take(")");
            return new Predicate { Not = operand };
        }
        PredicateList operands = new() { Predicates = { ReadTerm() } };
        bool isOr = _text.AsSpan(_position).StartsWith(" OR ");
        while (!TryTake(")"))
        {
            Take(isOr ? " OR " : " AND ");
            operands.Predicates.Add(ReadTerm());
        }
        return isOr ? new Predicate { Or = operands } : new Predicate { And = operands };
    }

    private Predicate ReadComparison()
    {
        int start = _position;
        while (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] == '_')
            _position++;
        string name = _text[start.._position];
        if (TryTake(":*"))
            return new Predicate { Exists = name };
        if (TryTake(" = "))
            return new Predicate { Eq = new Comparison { Attribute = name, Value = ReadValue() } };
        if (TryTake(" != "))
            return new Predicate { Ne = new Comparison { Attribute = name, Value = ReadValue() } };
        if (TryTake(":"))
            return new Predicate { Contains = new Comparison { Attribute = name, Value = ReadValue() } };
        Interval interval = new() { Attribute = name };
        if (TryTake(" >= "))
            interval.Gte = ReadValue();
        else if (TryTake(" > "))
            interval.Gt = ReadValue();
        else if (TryTake(" <= "))
            interval.Lte = ReadValue();
        else if (TryTake(" < "))
            interval.Lt = ReadValue();
        else
            throw Unexpected();
        return new Predicate { Range = interval };
    }

    private Value ReadValue()
    {
        if (TryTake("\""))
            return new Value { StringValue = ReadString() };
        int start = _position;
        while (_position < _text.Length && _text[_position] is not (')' or ' '))
            _position++;
        string token = _text[start.._position];
        if (token is "true" or "false")
            return new Value { BoolValue = token == "true" };
        return token.AsSpan().ContainsAny('.', 'e')
            ? new Value { DoubleValue = double.Parse(token) }
            : new Value { IntValue = long.Parse(token) };
    }

    private string ReadString()
    {
        StringBuilder content = new();
        while (!TryTake("\""))
        {
            TryTake("\\");
            content.Append(_text[_position++]);
        }
        return content.ToString();
    }

    private bool TryTake(string token)
    {
        if (!_text.AsSpan(_position).StartsWith(token))
            return false;
        _position += token.Length;
        return true;
    }

    private void Take(string token)
    {
        if (!TryTake(token))
            throw Unexpected();
    }

    private FormatException Unexpected() => new($"Unexpected text at {_position} of: {_text}");
}
