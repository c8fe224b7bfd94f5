using System.Collections.Concurrent;
using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes;

/// <summary>Keeps scratch bitmaps between evaluations.</summary>
internal sealed class BitmapPool
{
    private const int MaxKept = 16;

    private readonly ConcurrentQueue<OrdinalBitmap> _kept = new();

    /// <summary>An empty bitmap of the length.</summary>
    public OrdinalBitmap Rent(int length)
    {
        OrdinalBitmap bitmap = _kept.TryDequeue(out OrdinalBitmap? kept) ? kept : new OrdinalBitmap();
        bitmap.Reset(length);
        return bitmap;
    }

    public void Return(OrdinalBitmap bitmap)
    {
        if (_kept.Count < MaxKept)
        {
            _kept.Enqueue(bitmap);
        }
    }
}
