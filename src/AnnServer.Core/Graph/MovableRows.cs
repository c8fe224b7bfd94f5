using System.Diagnostics;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>
/// Rows of vectors by ordinal, each in memory or moved to a place outside. A row is written in memory; once it is known to be elsewhere
/// it is moved there, and its memory goes to another when the readers of before have left. Readers take no lock: they read where a row
/// is and then the row, which is what it was until they leave.
/// </summary>
internal sealed unsafe class MovableRows : IDisposable
{
    // A vector that has moved on between finding its place and reading it has done so because a checkpoint ended: rarely twice.
    private const int MaxAttempts = 5;
    private const int StackRows = 64;

    private readonly VectorsOnDisk _disk;

    // By ordinal: 0 for no row, a place outside, which is above it, or the complement of the number of a row in memory.
    private readonly RowArena _places;
    private readonly RowArena _rows;

    // Guards the two lists and the growth of the rows.
    private readonly Lock _gate = new();
    private readonly Stack<uint> _free = new();
    private List<uint> _moved = [];
    private uint _rowCount;
    private long _inMemory;
    private long _leaving;
    private bool _isDisposed;

    public MovableRows(VectorsOnDisk disk, int rowBytes, uint maxNodes)
    {
        _disk = disk;
        _places = new RowArena(sizeof(long), maxNodes);
        // A row that is leaving can be missed by as many slots as there are.
        _rows = new RowArena(rowBytes, 2 * maxNodes);
    }

    public long CommittedBytes => _places.CommittedBytes + _rows.CommittedBytes;

    /// <summary>Makes a slot usable. One thread at a time.</summary>
    public void EnsureSlot(uint ordinal) => _places.EnsureRows(ordinal + 1);

    /// <summary>A row in memory to write the vector of a slot to; nobody reads the slot yet.</summary>
    public byte* RowToWrite(uint ordinal)
    {
        long place = Place(ordinal);
        if (place >= 0)
        {
            place = ~(long)TakeRow();
            Volatile.Write(ref *PlaceOf(ordinal), place);
        }

        return Row(place);
    }

    /// <summary>The row of a slot if it is in memory; else null, and its place outside, or 0 where it has none.</summary>
    public byte* TryRow(uint ordinal, out long place)
    {
        place = Place(ordinal);
        return place < 0 ? Row(place) : null;
    }

    /// <summary>Says where the vector of a slot is from now on. One thread at a time, and not while the slot is being written.</summary>
    public void Move(uint ordinal, long place)
    {
        Debug.Assert(place > 0, "A place is above 0.");
        long before = Place(ordinal);
        Volatile.Write(ref *PlaceOf(ordinal), place);
        if (before < 0)
        {
            lock (_gate)
            {
                _moved.Add((uint)~before);
                _leaving++;
                _disk.Memory.Leave(_rows.RowBytes);
            }
        }
    }

    /// <summary>The rows that were moved since the last call, for <see cref="Free"/>.</summary>
    public List<uint> TakeMoved()
    {
        lock (_gate)
        {
            List<uint> moved = _moved;
            _moved = [];
            return moved;
        }
    }

    /// <summary>Gives the memory of moved rows to others. When the readers of before have left.</summary>
    public void Free(List<uint> moved)
    {
        lock (_gate)
        {
            moved.ForEach(_free.Push);
            GiveBack(moved.Count, moved.Count);
        }
    }

    /// <summary>Forgets the vector of a slot that nobody reads any more.</summary>
    public void Release(uint ordinal)
    {
        long place = Place(ordinal);
        Volatile.Write(ref *PlaceOf(ordinal), 0);
        if (place < 0)
        {
            lock (_gate)
            {
                _free.Push((uint)~place);
                GiveBack(1, 0);
            }
        }
    }

    /// <summary>Reads the vectors of slots, those that are not in memory all at once, as bytes one after another.</summary>
    /// <exception cref="IOException">The source cannot read them.</exception>
    public void Read(ReadOnlySpan<uint> ordinals, int keptBytes, Span<byte> vectors)
    {
        Span<nint> rows = ordinals.Length <= StackRows ? stackalloc nint[ordinals.Length] : new nint[ordinals.Length];
        Span<uint> absent = ordinals.Length <= StackRows ? stackalloc uint[ordinals.Length] : new uint[ordinals.Length];
        Span<long> places = ordinals.Length <= StackRows ? stackalloc long[ordinals.Length] : new long[ordinals.Length];
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            int count = 0;
            for (int i = 0; i < ordinals.Length; i++)
            {
                rows[i] = (nint)TryRow(ordinals[i], out long place);
                if (rows[i] == 0)
                {
                    absent[count] = ordinals[i];
                    places[count++] = place;
                }
            }

            // Those that are absent are read to the front, and then spread to where each belongs.
            if (count == 0 || _disk.Source.TryRead(absent[..count], places[..count], vectors[..(count * keptBytes)]))
            {
                Spread(rows, count, keptBytes, vectors);
                return;
            }
        }

        throw new IOException("A vector has moved each time that it was to be read.");
    }

    public void Dispose()
    {
        lock (_gate)
        {
            GiveBack(_inMemory, _leaving);
            _isDisposed = true;
        }

        _places.Dispose();
        _rows.Dispose();
    }

    private static void Spread(ReadOnlySpan<nint> rows, int absent, int keptBytes, Span<byte> vectors)
    {
        for (int i = rows.Length - 1; i >= 0; i--)
        {
            ReadOnlySpan<byte> from = rows[i] == 0
                ? vectors.Slice(--absent * keptBytes, keptBytes)
                : new ReadOnlySpan<byte>((byte*)rows[i], keptBytes);
            from.CopyTo(vectors.Slice(i * keptBytes, keptBytes));
        }
    }

    private uint TakeRow()
    {
        lock (_gate)
        {
            if (!_free.TryPop(out uint row))
            {
                _rows.EnsureRows(_rowCount + 1);
                row = _rowCount++;
            }

            _inMemory++;
            _disk.Memory.Take(_rows.RowBytes);
            return row;
        }
    }

    // Under the gate.
    private void GiveBack(long rows, long left)
    {
        // Whoever frees rows may come after the collection has gone, which has given back all.
        if (_isDisposed)
        {
            return;
        }

        _inMemory -= rows;
        _leaving -= left;
        _disk.Memory.Give(rows * _rows.RowBytes, left * _rows.RowBytes);
        if (_inMemory == 0)
        {
            // Else every collection would keep what it has had at its peak.
            _free.Clear();
            _rowCount = 0;
            _rows.Clear();
        }
    }

    private long Place(uint ordinal) => Volatile.Read(ref *PlaceOf(ordinal));

    private long* PlaceOf(uint ordinal) => (long*)_places.Row(ordinal);

    private byte* Row(long place) => _rows.Row((uint)~place);
}
