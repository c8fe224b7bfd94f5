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
        if (TryTake("("))
            return ReadFunction(name);
        if (TryTake(":*"))
            return new Predicate { Exists = name };
        if (TryTake(" = null"))
            return new Predicate { IsNull = name };
        if (TryTakePrefix(out string beginning))
            return new Predicate { Prefix = new Comparison { Attribute = name, Value = new Value { StringValue = beginning } } };
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

    private Predicate ReadFunction(string name)
    {
        int comma = _text.IndexOf(',', _position);
        string attribute = _text[_position..comma];
        _position = comma;
        if (name is "text_match" or "text_any")
        {
            Take(", \"");
            string query = ReadString();
            Take(")");
            TextMatchMode mode = name == "text_any" ? TextMatchMode.Any : TextMatchMode.All;
            return new Predicate { TextMatch = new TextMatch { Attribute = attribute, Query = query, Mode = mode } };
        }
        List<double> numbers = [];
        while (!TryTake(")"))
        {
            Take(", ");
            int start = _position;
            while (_text[_position] is not (',' or ')'))
                _position++;
            numbers.Add(double.Parse(_text.AsSpan(start, _position - start)));
        }
        GeoPoint first = new() { Latitude = numbers[0], Longitude = numbers[1] };
        return name switch
        {
            "geo_radius" => new Predicate { GeoRadius = new GeoRadius { Attribute = attribute, Center = first, Meters = numbers[2] } },
            "geo_box" => new Predicate
            {
                GeoBox = new GeoBox
                {
                    Attribute = attribute,
                    SouthWest = first,
                    NorthEast = new GeoPoint { Latitude = numbers[2], Longitude = numbers[3] },
                },
            },
            _ => throw Unexpected(),
        };
    }

    // A string whose last star is not escaped.
    private bool TryTakePrefix(out string beginning)
    {
        int before = _position;
        beginning = "";
        if (!TryTake(" = \""))
            return false;
        string content = ReadString(out bool isLastEscaped);
        if (!content.EndsWith('*') || isLastEscaped)
        {
            _position = before;
            return false;
        }
        beginning = content[..^1];
        return true;
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

    private string ReadString() => ReadString(out _);

    private string ReadString(out bool isLastEscaped)
    {
        StringBuilder content = new();
        isLastEscaped = false;
        while (!TryTake("\""))
        {
            isLastEscaped = TryTake("\\");
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
