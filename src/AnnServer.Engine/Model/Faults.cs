namespace AnnServer.Engine.Model;

/// <summary>Collects every fault of one request, so that one answer lists them all. Used by one thread at a time.</summary>
public sealed class Faults
{
    /// <summary>Faults described; a batch that is wrong in every row need not be described row by row. All are counted.</summary>
    public const int Limit = 100;

    private readonly List<FieldViolation> _violations = [];
    private string _prefix = "";
    private int _total;

    /// <summary>Faults found, described or not.</summary>
    public int Count => _total;

    public bool Any => _total > 0;

    public void Add(string field, string description)
    {
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
        return new EngineError(EngineStatus.InvalidArgument, message, [.. _violations]);
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
