using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>
/// What a filter matches, kept for those who ask next: a bit for every point there is, or, where it leaves few, their ordinals. A tenth of a percent of a
/// million points takes 4 KB instead of 125.
/// </summary>
internal sealed class KeptMatches
{
    // To set the bits of more takes longer than to read them from where they have been left.
    private const int BytesPerByteOfOrdinals = 4;

    private readonly OrdinalBitmap? _bits;
    private readonly uint[] _ordinals;
    private readonly int _length;

    /// <param name="matches">Copied.</param>
    /// <param name="count">Of them.</param>
    public KeptMatches(OrdinalBitmap matches, int count)
    {
        _length = matches.Length;
        long bytesOfBits = (long)matches.Words.Length * sizeof(ulong);
        if ((long)count * sizeof(uint) * BytesPerByteOfOrdinals <= bytesOfBits)
        {
            _ordinals = new uint[count];
            int at = 0;
            foreach (uint ordinal in matches)
            {
                _ordinals[at++] = ordinal;
            }

            Bytes = (long)count * sizeof(uint);
        }
        else
        {
            _ordinals = [];
            _bits = new OrdinalBitmap();
            _bits.Reset(_length);
            matches.Words.CopyTo(_bits.Words);
            Bytes = bytesOfBits;
        }
    }

    public long Bytes { get; }

    /// <summary>The bits where they are kept, to be read by many; else some of the pool, to be given back.</summary>
    public OrdinalBitmap Bits(BitmapPool pool, out bool isRented)
    {
        isRented = _bits is null;
        if (_bits is not null)
        {
            return _bits;
        }

        OrdinalBitmap bits = pool.Rent(_length);
        foreach (uint ordinal in _ordinals)
        {
            bits.Add(ordinal);
        }

        return bits;
    }
}
