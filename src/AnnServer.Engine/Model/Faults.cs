namespace AnnServer.Engine.Model;

/// <summary>Collects every fault of one request, so that one answer lists them all. Used by one thread at a time.</summary>
public sealed class Faults
{
    /// <summary>Faults described; a batch that is wrong in every row need not be described row by row. All are counted.</summary>
    public const int Limit = 100;

    // Made with the first fault and the first scope: most requests have none.
    private List<FieldViolation>? _violations;
    private HashSet<string>? _fields;

    // What Within has opened; put together only when there is a fault to name. Index is -1 where the path is no list.
    private List<(string Path, int Index)>? _scopes;
    private int _total;

    public bool Any => _total > 0;

    /// <summary>
    /// Adds a fault of a field. The first fault of a field is its cause: what is then said about the same field, or about what
    /// lies within it, follows from that and is left out.
    /// </summary>
    public void Add(string field, string description)
    {
        string path = Prefix() + field;
        if (Fields.Add(path) && !IsWithinFaulty(path))
        {
            Record(path, description);
        }
    }

    /// <summary>Adds a fault of a field that can have several, as the text of an expression can.</summary>
    public void AddAnother(string field, string description)
    {
        string path = Prefix() + field;
        Fields.Add(path);
        Record(path, description);
    }

    /// <summary>Puts <c>path.</c> before every field added until the scope is disposed.</summary>
    public Scope Within(string path) => Within(path, -1);

    /// <summary>Puts <c>list[index].</c> before every field added until the scope is disposed.</summary>
    public Scope Within(string list, int index)
    {
        List<(string Path, int Index)> scopes = _scopes ??= [];
        scopes.Add((list, index));
        return new Scope(this, scopes.Count - 1);
    }

    /// <summary>The error that names every fault.</summary>
    public EngineError ToError()
    {
        if (_violations is null)
        {
            throw new InvalidOperationException("There is no fault to report.");
        }

        FieldViolation first = _violations[0];
        string message = _total == 1
            ? $"{first.Field}: {first.Description}"
            : $"{_total} faults; the first: {first.Field}: {first.Description}";
        return new EngineError(EngineStatus.InvalidArgument, message, [.. _violations], _total - _violations.Count);
    }

    private HashSet<string> Fields => _fields ??= new HashSet<string>(StringComparer.Ordinal);

    private void Record(string path, string description)
    {
        _total++;
        _violations ??= [];
        if (_violations.Count < Limit)
        {
            _violations.Add(new FieldViolation(path, description));
        }
    }

    private bool IsWithinFaulty(string field)
    {
        for (int dot = field.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = field.IndexOf('.', dot + 1))
        {
            if (Fields.Contains(field[..dot]))
            {
                return true;
            }
        }

        return false;
    }

    private string Prefix() => _scopes is null
        ? ""
        : string.Concat(_scopes.Select(static scope => scope.Index < 0 ? $"{scope.Path}." : $"{scope.Path}[{scope.Index}]."));

    public readonly struct Scope : IDisposable
    {
        // Null in the default scope, which adds no path.
        private readonly Faults? _faults;
        private readonly int _depth;

        internal Scope(Faults faults, int depth)
        {
            _faults = faults;
            _depth = depth;
        }

        public void Dispose() => _faults?._scopes!.RemoveRange(_depth, _faults._scopes.Count - _depth);
    }
}
