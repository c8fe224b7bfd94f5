using System.Collections.Immutable;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>The collections by name. Readers see one immutable map; the database changes it under its own lock.</summary>
internal sealed class Catalog
{
    private volatile ImmutableSortedDictionary<string, Collection> _collections =
        ImmutableSortedDictionary.Create<string, Collection>(StringComparer.Ordinal);

    public int Count => _collections.Count;

    /// <summary>Ordered by name.</summary>
    public IEnumerable<Collection> All => _collections.Values;

    public static EngineError NotFound(string name) =>
        EngineError.Of(EngineStatus.NotFound, $"There is no collection {(name.Length == 0 ? "without a name" : $"\"{name}\"")}.");

    public bool TryGet(string name, out Collection? collection) => _collections.TryGetValue(name, out collection);

    public void Add(Collection collection) => _collections = _collections.Add(collection.Config.Name, collection);

    public void Remove(string name) => _collections = _collections.Remove(name);
}
