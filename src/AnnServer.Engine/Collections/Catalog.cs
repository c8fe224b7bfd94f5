using System.Collections.Immutable;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>The collections by name. Readers see one immutable map; the database changes it under its own lock.</summary>
internal sealed class Catalog
{
    private volatile ImmutableSortedDictionary<string, Collection> _collections =
        ImmutableSortedDictionary.Create<string, Collection>(StringComparer.Ordinal);

    private volatile ImmutableDictionary<string, uint> _damaged = ImmutableDictionary.Create<string, uint>(StringComparer.Ordinal);

    public int Count => _collections.Count;

    /// <summary>With those that are not served.</summary>
    public int CountAll => _collections.Count + _damaged.Count;

    /// <summary>Ordered by name.</summary>
    public IEnumerable<Collection> All => _collections.Values;

    public static EngineError NotFound(string name) =>
        EngineError.Of(EngineStatus.NotFound, $"There is no collection {(name.Length == 0 ? "without a name" : $"\"{name}\"")}.");

    /// <summary>Whether there are collections that cannot be served.</summary>
    public bool HasDamaged => !_damaged.IsEmpty;

    /// <summary>The collection, or why it is not served.</summary>
    public EngineResult<Collection> Get(string name) =>
        _collections.TryGetValue(name, out Collection? collection) ? collection
        : _damaged.ContainsKey(name) ? EngineError.Of(
            EngineStatus.DataLoss,
            $"Collection \"{name}\" is damaged on disk in every checkpoint and is not served; restore a backup or delete it.")
        : NotFound(name);

    /// <summary>Whether a collection has the name, served or not.</summary>
    public bool IsTaken(string name) => _collections.ContainsKey(name) || _damaged.ContainsKey(name);

    public bool TryGet(string name, out Collection? collection) => _collections.TryGetValue(name, out collection);

    public void Add(Collection collection) => _collections = _collections.Add(collection.Config.Name, collection);

    /// <summary>Names a collection that cannot be served, with its number in the log.</summary>
    public void AddDamaged(string name, uint number) => _damaged = _damaged.Add(name, number);

    /// <summary>Takes such a name out; false where there is none.</summary>
    public bool RemoveDamaged(string name, out uint number)
    {
        bool isThere = _damaged.TryGetValue(name, out number);
        _damaged = _damaged.Remove(name);
        return isThere;
    }

    public void Remove(string name) => _collections = _collections.Remove(name);
}
