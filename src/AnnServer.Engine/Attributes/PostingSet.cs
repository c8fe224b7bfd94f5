using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes;

/// <summary>
/// A compressed set of ordinals in the manner of Roaring bitmaps (Chambi et al., arXiv 1402.6407): chunks of 64 Ki ordinals,
/// each an array or a bitmap, whichever is smaller. Not synchronised.
/// </summary>
internal sealed class PostingSet
{
    // Ascending by key; the first _chunkCount are in use.
    private PostingChunk[] _chunks = [];
    private int _chunkCount;

    public int Count { get; private set; }

    public long MemoryBytes
    {
        get
        {
            long bytes = 64 + (_chunks.Length * sizeof(long));
            foreach (PostingChunk chunk in _chunks.AsSpan(0, _chunkCount))
            {
                bytes += chunk.MemoryBytes;
            }

            return bytes;
        }
    }

    public bool Contains(uint ordinal)
    {
        int position = Find((ushort)(ordinal >> 16));
        return position >= 0 && _chunks[position].Contains((ushort)ordinal);
    }

    public bool Add(uint ordinal)
    {
        int position = Find((ushort)(ordinal >> 16));
        if (position < 0)
        {
            position = ~position;
            InsertChunk(position, new PostingChunk((ushort)(ordinal >> 16)));
        }

        if (!_chunks[position].Add((ushort)ordinal))
        {
            return false;
        }

        Count++;
        return true;
    }

    public bool Remove(uint ordinal)
    {
        int position = Find((ushort)(ordinal >> 16));
        if (position < 0 || !_chunks[position].Remove((ushort)ordinal))
        {
            return false;
        }

        Count--;
        if (_chunks[position].Count == 0)
        {
            _chunkCount--;
            _chunks.AsSpan(position + 1, _chunkCount - position).CopyTo(_chunks.AsSpan(position));
            _chunks[_chunkCount] = null!;
        }

        return true;
    }

    /// <summary>Adds the members below the bitmap's length.</summary>
    public void AddTo(OrdinalBitmap bitmap)
    {
        Span<ulong> words = bitmap.Words;
        foreach (PostingChunk chunk in _chunks.AsSpan(0, _chunkCount))
        {
            int first = chunk.Key << 10;
            if (first >= words.Length)
            {
                break;
            }

            chunk.AddTo(words[first..]);
        }

        if ((bitmap.Length & 63) != 0)
        {
            words[^1] &= (1UL << (bitmap.Length & 63)) - 1;
        }
    }

    /// <summary>Adds the members that are in the scope to the list.</summary>
    public void AddTo(List<uint> list, OrdinalBitmap scope)
    {
        ReadOnlySpan<ulong> words = scope.Words;
        foreach (PostingChunk chunk in _chunks.AsSpan(0, _chunkCount))
        {
            int first = chunk.Key << 10;
            if (first >= words.Length)
            {
                break;
            }

            chunk.AddTo(list, words[first..]);
        }
    }

    /// <summary>Members that are also in the bitmap.</summary>
    public int CountIn(OrdinalBitmap bitmap)
    {
        ReadOnlySpan<ulong> words = bitmap.Words;
        int count = 0;
        foreach (PostingChunk chunk in _chunks.AsSpan(0, _chunkCount))
        {
            int first = chunk.Key << 10;
            if (first >= words.Length)
            {
                break;
            }

            count += chunk.CountIn(words[first..]);
        }

        return count;
    }

    /// <summary>The position of the chunk, or the complement of where it belongs.</summary>
    private int Find(ushort key)
    {
        int low = 0;
        int high = _chunkCount - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int found = _chunks[middle].Key;
            if (found == key)
            {
                return middle;
            }

            if (found < key)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    private void InsertChunk(int position, PostingChunk chunk)
    {
        if (_chunkCount == _chunks.Length)
        {
            Array.Resize(ref _chunks, Math.Max(1, _chunkCount * 2));
        }

        _chunks.AsSpan(position, _chunkCount - position).CopyTo(_chunks.AsSpan(position + 1));
        _chunks[position] = chunk;
        _chunkCount++;
    }
}
