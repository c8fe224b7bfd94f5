namespace AnnServer.Engine.Model;

/// <summary>Collects every fault of one request, so that one answer lists them all. Used by one thread at a time.</summary>
public sealed class Faults
{
    /// <summary>Faults described; a batch that is wrong in every row need not be described row by row. All are counted.</summary>
    public const int Limit = 100;

    private readonly List<FieldViolation> _violations = [];
    private readonly HashSet<string> _fields = new(StringComparer.Ordinal);
    private string _prefix = "";
    private int _total;

    public bool Any => _total > 0;

    /// <summary>
    /// Adds a fault of a field. The first fault of a field is its cause: what is then said about the same field, or about what
    /// lies within it, follows from that and is left out.
    /// </summary>
    public void Add(string field, string description)
    {
        if (!_fields.Add(_prefix + field) || IsWithinFaulty(_prefix + field))
        {
            return;
        }

        AddAnother(field, description);
    }

    /// <summary>Adds a fault of a field that can have several, as the text of an expression can.</summary>
    public void AddAnother(string field, string description)
    {
        _fields.Add(_prefix + field);
        _total++;
        if (_violations.Count < Limit)
        {
            _violations.Add(new FieldViolation(_prefix + field, description));
        }
    }

    /// <summary>Puts <c>path.</c> before every field added until the scope is disposed.</summary>
    public Scope Within(string path)
    {
        string outer = _prefix;
        _prefix = $"{outer}{path}.";
        return new Scope(this, outer);
    }

    /// <summary>The error that names every fault.</summary>
    public EngineError ToError()
    {
        if (!Any)
        {
            throw new InvalidOperationException("There is no fault to report.");
        }

        FieldViolation first = _violations[0];
        string message = _total == 1
            ? $"{first.Field}: {first.Description}"
            : $"{_total} faults; the first: {first.Field}: {first.Description}";
        return new EngineError(EngineStatus.InvalidArgument, message, [.. _violations], _total - _violations.Count);
    }

    private bool IsWithinFaulty(string field)
    {
        for (int dot = field.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = field.IndexOf('.', dot + 1))
        {
            if (_fields.Contains(field[..dot]))
            {
                return true;
            }
        }

        return false;
    }

    public readonly struct Scope : IDisposable
    {
        // Null in the default scope, which adds no path.
        private readonly Faults? _faults;
        private readonly string _outer;

        internal Scope(Faults faults, string outer)
        {
            _faults = faults;
            _outer = outer;
        }

        public void Dispose()
        {
            if (_faults is not null)
            {
                _faults._prefix = _outer;
            }
        }
    }
}
