using AnnServer.Core.Filtering;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Storage;
using AnnServer.Storage.Pages;

namespace AnnServer.Engine.Recovery;

/// <summary>
/// Makes collections of the pages of a checkpoint, whose newest image of each comes first. Every page that must be there has to come:
/// a collection is whole or it is refused.
/// </summary>
internal sealed class CheckpointLoader : IDisposable
{
    private readonly Dictionary<uint, Loading> _collections = [];

    /// <summary>By kind: pages of different kinds share nothing, so these may be called side by side.</summary>
    public IReadOnlyList<IPageHandler> Handlers => [.. Enum.GetValues<PageKind>().Select(_ => new Lane(this))];

    /// <exception cref="InvalidDataException">The catalog does not make sense.</exception>
    public CheckpointLoader(CheckpointCatalog catalog, IReadOnlySet<uint> leaveOut, EngineLimits limits, VectorDisk disk)
    {
        Catalog = catalog;
        foreach (CollectionSnapshot snapshot in catalog.Collections)
        {
            if (!leaveOut.Contains(snapshot.Number))
            {
                _collections.Add(snapshot.Number, new Loading(snapshot, limits, disk));
            }
        }
    }

    public CheckpointCatalog Catalog { get; }

    /// <summary>Numbers of the collections to load.</summary>
    public IReadOnlySet<uint> Numbers => _collections.Keys.ToHashSet();

    public IEnumerable<CollectionData> Collections => _collections.Values.Select(static loading => loading.Data);

    /// <summary>Ends the loading.</summary>
    /// <exception cref="StorageCorruptionException">A page is missing.</exception>
    public void Complete()
    {
        foreach (Loading loading in _collections.Values)
        {
            if (loading.FindGap() is { } gap)
            {
                throw Damaged(loading, gap, null);
            }

            loading.Complete();
        }
    }

    /// <summary>Frees what was loaded, where it is not wanted after all.</summary>
    public void Dispose()
    {
        foreach (Loading loading in _collections.Values)
        {
            loading.Data.Dispose();
        }
    }

    private static StorageCorruptionException Damaged(Loading loading, string what, Exception? cause) =>
        new($"The checkpoint of collection \"{loading.Snapshot.Config.Name}\" cannot be loaded: {what}", cause);

    private sealed class Lane(CheckpointLoader loader) : IPageHandler
    {
        private Loading? _last;

        public void OnPage(in Page page)
        {
            // Pages of a collection lie together.
            Loading loading = _last?.Snapshot.Number == page.Key.Collection ? _last : loader._collections[page.Key.Collection];
            _last = loading;
            try
            {
                loading.Load(page);
            }
            catch (Exception error) when (error is InvalidDataException or ArgumentException)
            {
                throw Damaged(loading, $"{(PageKind)page.Key.Kind} page of slot {page.Key.Ordinal}: {error.Message}", error);
            }
        }
    }

    private sealed class Loading
    {
        private readonly OrdinalBitmap[] _seen = new OrdinalBitmap[ChangedPages.Kinds];
        private int _live;

        public Loading(CollectionSnapshot snapshot, EngineLimits limits, VectorDisk disk)
        {
            Snapshot = snapshot;
            if (snapshot.Slots > limits.MaxPointsPerCollection)
            {
                throw new InvalidDataException(
                    $"Collection \"{snapshot.Config.Name}\" has {snapshot.Slots} slots, MaxPointsPerCollection is {limits.MaxPointsPerCollection}.");
            }

            Data = new CollectionData(snapshot.Number, snapshot.Config, limits, disk);
            Data.Attributes.BeginBulkLoad();
            Data.Ids.Reserve(snapshot.Live);
            Data.Index.LoadSlots(snapshot.Slots);
            for (int kind = 0; kind < ChangedPages.Kinds; kind++)
            {
                _seen[kind] = new OrdinalBitmap();
                _seen[kind].Reset((int)snapshot.Slots);
            }
        }

        public CollectionSnapshot Snapshot { get; }

        public CollectionData Data { get; }

        public void Load(in Page page)
        {
            uint slot = page.Key.Ordinal;
            if (page.Key.Kind >= ChangedPages.Kinds || slot >= Snapshot.Slots)
            {
                throw new InvalidDataException("there is no such page");
            }

            if (_seen[page.Key.Kind].Contains(slot))
            {
                return;
            }

            _seen[page.Key.Kind].Add(slot);
            switch ((PageKind)page.Key.Kind)
            {
                case PageKind.Point:
                    LoadPoint(slot, page.Image);
                    break;
                case PageKind.Vector:
                    Data.Index.LoadKept(slot, page.Image, page.Address);
                    break;
                case PageKind.Links when !Data.Index.TryLoadRows(slot, page.Image):
                    throw new InvalidDataException("it links to a slot that is not there");
            }
        }

        public string? FindGap()
        {
            if (_live != Snapshot.Live || Data.Hidden.Count != Snapshot.Hidden)
            {
                return $"{Snapshot.Live} live and {Snapshot.Hidden} deleted points were expected, {_live} and {Data.Hidden.Count} are there";
            }

            for (uint slot = 0; slot < Snapshot.Slots; slot++)
            {
                if (Data.StateOf(slot) == SlotState.Free)
                {
                    continue;
                }

                for (int kind = 0; kind < ChangedPages.Kinds; kind++)
                {
                    if (!_seen[kind].Contains(slot))
                    {
                        return $"the {(PageKind)kind} page of slot {slot} is missing";
                    }
                }
            }

            return Snapshot.Entry is { } entry && (entry >= Snapshot.Slots || Data.StateOf(entry) == SlotState.Free)
                ? $"searches start at slot {entry}, which is free"
                : null;
        }

        public void Complete()
        {
            if (Snapshot.Entry is { } entry)
            {
                Data.Index.LoadEntry(entry);
            }

            Data.Pages.Forget();
        }

        private void LoadPoint(uint slot, ReadOnlySpan<byte> image)
        {
            var reader = new RecordReader(image);
            switch ((SlotState)reader.ReadByte())
            {
                case SlotState.Free:
                    break;
                case SlotState.Hidden:
                    Data.Index.LoadLive(slot);
                    Data.Hide(slot);
                    break;
                case SlotState.Live:
                    PointId id = reader.ReadId();
                    if (!Data.Ids.TryAdd(id, slot))
                    {
                        throw new InvalidDataException($"point {id} is in another slot too");
                    }

                    Data.Ids.SetId(slot, id);
                    ReadOnlySpan<byte> blob = reader.ReadRest();
                    Data.Attributes.Set(slot, blob.IsEmpty ? null : blob.ToArray());
                    Data.Index.LoadLive(slot);
                    _live++;
                    break;
                default:
                    throw new InvalidDataException("the state of the slot is none");
            }
        }
    }
}
