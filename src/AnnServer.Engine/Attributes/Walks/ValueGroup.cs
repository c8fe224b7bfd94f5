using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes.Walks;

/// <summary>The ordinals of one value that are in a scope: listed while they are few, a bitmap once they are many.</summary>
internal sealed class ValueGroup(OrdinalBitmap scope, BitmapPool pool) : IDisposable
{
    private const int MostListed = 2048;

    private readonly List<uint> _listed = [];

    /// <summary>Those listed, where there is no <see cref="Many"/>.</summary>
    public IReadOnlyList<uint> Listed => _listed;

    /// <summary>Null where they are few.</summary>
    public OrdinalBitmap? Many { get; private set; }

    public bool IsEmpty => _listed.Count == 0 && Many is null;

    public void Add(uint ordinal)
    {
        if (!scope.Contains(ordinal))
        {
            return;
        }

        if (Many is not null)
        {
            Many.Add(ordinal);
            return;
        }

        _listed.Add(ordinal);
        if (_listed.Count == MostListed)
        {
            Spread();
        }
    }

    /// <summary>Adds all at once to an empty group.</summary>
    public void Add(PostingSet members)
    {
        if (members.Count < MostListed)
        {
            members.AddTo(_listed, scope);
            return;
        }

        Spread();
        members.AddTo(Many!);
        Many!.And(scope);
    }

    public void Clear()
    {
        _listed.Clear();
        if (Many is not null)
        {
            pool.Return(Many);
            Many = null;
        }
    }

    public void Dispose() => Clear();

    private void Spread()
    {
        Many = pool.Rent(scope.Length);
        foreach (uint ordinal in _listed)
        {
            Many.Add(ordinal);
        }

        _listed.Clear();
    }
}
