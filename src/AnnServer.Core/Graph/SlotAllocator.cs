namespace AnnServer.Core.Graph;

/// <summary>
/// Hands out ordinals: the lowest free one, else the next new one. Which slot an insert gets depends on the set of free slots
/// and not on how they came to be free, so that a restarted index goes on exactly as one that never stopped. Any thread.
/// </summary>
internal sealed class SlotAllocator(uint capacity)
{
    // Protects the fields below.
    private readonly Lock _lock = new();
    private readonly PriorityQueue<uint, uint> _free = new();
    private uint _next;

    /// <summary>False when every slot is taken.</summary>
    public bool TryReserve(out uint ordinal)
    {
        ordinal = 0;
        return TryReserve(new Span<uint>(ref ordinal));
    }

    /// <summary>Takes a slot for each element; none, and false, when there are not as many.</summary>
    public bool TryReserve(Span<uint> ordinals)
    {
        lock (_lock)
        {
            if (_free.Count + (capacity - _next) < ordinals.Length)
            {
                return false;
            }

            foreach (ref uint ordinal in ordinals)
            {
                if (!_free.TryDequeue(out ordinal, out _))
                {
                    ordinal = _next++;
                }
            }

            return true;
        }
    }

    public void Release(ReadOnlySpan<uint> ordinals)
    {
        lock (_lock)
        {
            foreach (uint ordinal in ordinals)
            {
                _free.Enqueue(ordinal, ordinal);
            }
        }
    }

    /// <summary>Starts over with <paramref name="next"/> slots in use but for the free ones.</summary>
    public void Restore(uint next, ReadOnlySpan<uint> free)
    {
        lock (_lock)
        {
            _next = next;
            _free.Clear();
        }

        Release(free);
    }
}
