using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>Which of several queries look in which parts, round by round.</summary>
internal sealed unsafe class PartSchedule
{
    private readonly AlignedBuffer<float> _floats = new();
    private readonly AlignedBuffer<int> _starts = new();
    private readonly AlignedBuffer<uint> _looks = new();
    private readonly AlignedBuffer<ushort> _lookers = new();
    private PartSeeker[] _seekers = [];
    private int _parts;
    private int _floatsEach;
    private int _lookCount;

    /// <summary>Places to look in: the parts, and after them what is outside of all.</summary>
    public int Places => _parts + 1;

    public void Begin(int queries, int parts)
    {
        _parts = parts;
        _floatsEach = PartSeeker.FloatsFor(parts);
        _floats.EnsureLength(checked(queries * _floatsEach));
        _starts.EnsureLength(Places + 1);
        if (_seekers.Length < queries)
        {
            _seekers = new PartSeeker[queries];
        }
    }

    /// <summary>Lets go of the centres, which may be of an index that is about to go.</summary>
    public void End() => _seekers.AsSpan().Clear();

    /// <summary>Room for the seeker of a query.</summary>
    public float* Floats(int query) => _floats.Pointer + ((long)query * _floatsEach);

    public ref PartSeeker Seeker(int query) => ref _seekers[query];

    public void BeginRound()
    {
        _lookCount = 0;
        new Span<int>(_starts.Pointer, Places + 1).Clear();
    }

    /// <summary>The query looks in a part.</summary>
    public void Add(int query, int part)
    {
        if (_lookCount == _looks.Length)
        {
            _looks.Grow(_lookCount + 1, _lookCount);
        }

        _looks.Pointer[_lookCount++] = ((uint)part << 16) | (uint)query;
        _starts.Pointer[part]++;
    }

    /// <summary>Sorts those who look by where they do; false if nobody does.</summary>
    public bool EndRound()
    {
        int* starts = _starts.Pointer;
        for (int i = 0; i < Places; i++)
        {
            starts[i + 1] += starts[i];
        }

        _lookers.EnsureLength(_lookCount);
        // From where each part ends down to where it starts.
        for (int i = _lookCount - 1; i >= 0; i--)
        {
            uint look = _looks.Pointer[i];
            _lookers.Pointer[--starts[look >> 16]] = (ushort)look;
        }

        return _lookCount > 0;
    }

    /// <summary>The queries that look in a part.</summary>
    public ushort* Lookers(int part, out int count)
    {
        int* starts = _starts.Pointer;
        count = starts[part + 1] - starts[part];
        return _lookers.Pointer + starts[part];
    }
}
