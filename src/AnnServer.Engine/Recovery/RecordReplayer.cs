using AnnServer.Core.Graph;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Recovery;

/// <summary>
/// Applies the records of the log to empty collections. A record holds the rows of the graph as they were after it, so replay
/// copies and computes no distance. What a record says is checked against the collection before anything is changed by it.
/// </summary>
internal sealed class RecordReplayer : IRecordHandler
{
    private const uint NoOrdinal = uint.MaxValue;

    // A new slot lies beyond the last by the inserts that were planned side by side, never by more than there can be threads.
    private const uint MaxSlotGap = 1 << 16;

    private readonly EngineLimits _limits;
    private readonly VectorDisk? _disk;
    private readonly Dictionary<uint, CollectionData> _collections = [];

    // Of collections that a checkpoint says nothing of, or whose pages are damaged: until they are dropped their records are passed over.
    private readonly HashSet<uint> _passed = [];
    private float[] _vector = [];
    private uint[] _links = [];

    /// <summary>Begins with no collection at all.</summary>
    /// <param name="disk">Where vectors are kept on disk; null where no collection does that.</param>
    public RecordReplayer(EngineLimits limits, VectorDisk? disk) => (_limits, _disk) = (limits, disk);

    /// <summary>Begins with those of a checkpoint.</summary>
    /// <param name="leftOut">Collections of the checkpoint that were not loaded.</param>
    public RecordReplayer(EngineLimits limits, VectorDisk? disk, CheckpointLoader loaded, IEnumerable<uint> leftOut)
        : this(limits, disk)
    {
        LastNumber = loaded.Catalog.LastNumber;
        _passed.UnionWith(loaded.Catalog.Gone);
        _passed.UnionWith(leftOut);
        foreach (CollectionData data in loaded.Collections)
        {
            _collections.Add(data.Number, data);
        }
    }

    /// <summary>Collections that are there at the end, by number.</summary>
    public IReadOnlyCollection<CollectionData> Collections => _collections.Values;

    /// <summary>Highest collection number that the log names, or 0.</summary>
    public uint LastNumber { get; private set; }

    /// <summary>Collections that were passed over and have not been dropped.</summary>
    public IReadOnlySet<uint> Passed => _passed;

    public void OnRecord(in LogRecord record)
    {
        if (_passed.Contains(record.Collection))
        {
            if ((Operation)record.Operation == Operation.DropCollection)
            {
                _passed.Remove(record.Collection);
            }

            return;
        }

        try
        {
            var reader = new RecordReader(record.Payload);
            Apply((Operation)record.Operation, record.Collection, ref reader);
            if (!reader.IsAtEnd)
            {
                throw new InvalidDataException("bytes are left over at its end");
            }
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or KeyNotFoundException or OverflowException)
        {
            throw new StorageCorruptionException(
                $"The log record with LSN {record.Lsn} (operation {record.Operation}, collection {record.Collection}) cannot be applied: {error.Message}",
                error);
        }
    }

    /// <summary>Builds what is not in the log: attribute indexes and lists of free slots.</summary>
    /// <exception cref="StorageCorruptionException">Stored attributes do not fit the configuration.</exception>
    public void Complete()
    {
        foreach (CollectionData data in _collections.Values)
        {
            try
            {
                data.Attributes.RebuildIndexes();
            }
            catch (InvalidDataException error)
            {
                throw new StorageCorruptionException(
                    $"The attributes of collection \"{data.Config.Name}\" cannot be indexed: {error.Message}", error);
            }

            data.Index.CompleteRestore(data.Hidden);
        }
    }

    private void Apply(Operation operation, uint number, ref RecordReader reader)
    {
        switch (operation)
        {
            case Operation.Upsert:
                Upsert(_collections[number], ref reader);
                break;
            case Operation.Delete:
                Delete(_collections[number], ref reader);
                break;
            case Operation.SetAttributes:
                SetAttributes(_collections[number], ref reader);
                break;
            case Operation.SetLinks:
                SetLinks(_collections[number].Index, ref reader);
                break;
            case Operation.Forget:
                Forget(_collections[number], ref reader);
                break;
            case Operation.CreateCollection:
                Create(number, ConfigCodec.Decode(reader.ReadBytes()));
                break;
            case Operation.UpdateCollection:
                Update(_collections[number], ConfigCodec.Decode(reader.ReadBytes()));
                break;
            case Operation.DropCollection:
                _collections[number].Dispose();
                _collections.Remove(number);
                break;
            default:
                throw new InvalidDataException("the operation is unknown to this version");
        }
    }

    private void Create(uint number, CollectionConfig config)
    {
        Check(config);
        if (_collections.Values.Any(other => other.Config.Name == config.Name))
        {
            throw new InvalidDataException($"there is a collection \"{config.Name}\" already");
        }

        if (_collections.ContainsKey(number))
        {
            throw new InvalidDataException("the collection is there already");
        }

        var data = new CollectionData(number, config, _limits, _disk);
        data.Attributes.BeginBulkLoad();
        _collections.Add(number, data);
        LastNumber = Math.Max(LastNumber, number);
    }

    private void Update(CollectionData data, CollectionConfig config)
    {
        Check(config);
        if (config with { Attributes = data.Config.Attributes } != data.Config)
        {
            throw new InvalidDataException("it changes more of the configuration than the attributes");
        }

        foreach (AttributeSchema dropped in data.Config.Attributes.Except(config.Attributes))
        {
            data.Attributes.DropIndex(dropped.Name);
        }

        foreach (AttributeSchema added in config.Attributes.Except(data.Config.Attributes))
        {
            data.Attributes.AddIndex(added);
        }

        data.Config = config;
    }

    private void Check(CollectionConfig config)
    {
        // A limit that was lowered since does not shut out what is stored.
        var faults = new Faults();
        CollectionConfigValidator.Check(
            config, _limits with { MaxDimension = EngineLimits.LargestDimension, MaxIndexedAttributes = int.MaxValue }, faults);
        if (faults.Any)
        {
            throw new InvalidDataException($"the configuration is not one: {faults.ToError().Message}");
        }
    }

    private void Upsert(CollectionData data, ref RecordReader reader)
    {
        PointId id = reader.ReadId();
        uint ordinal = reader.ReadUInt32();
        uint replaced = reader.ReadUInt32();
        Span<float> vector = Scratch(ref _vector, data.Config.Dimension);
        reader.ReadVector(vector);
        ReadOnlySpan<byte> blob = reader.ReadBytes();
        VectorIndex index = data.Index;
        if (ordinal >= index.Parameters.MaxNodes
            || ordinal >= index.SlotCount + MaxSlotGap
            || index.IsLive(ordinal)
            || data.Hidden.Contains(ordinal))
        {
            throw new InvalidDataException($"slot {ordinal} is not free");
        }

        uint current = data.Ids.TryGet(id, out uint mapped) ? mapped : NoOrdinal;
        if (replaced != current)
        {
            throw new InvalidDataException($"it replaces slot {(int)replaced} of point {id}, which is in slot {(int)current}");
        }

        data.Pages.Changing(ordinal);
        data.Ids.SetId(ordinal, id);
        data.Attributes.Set(ordinal, blob.IsEmpty ? null : blob.ToArray());
        index.RestoreNode(ordinal, vector);
        SetLinks(index, ref reader);
        index.RestoreEntry(ordinal);
        data.Ids.Map(id, ordinal);
        if (replaced != NoOrdinal)
        {
            data.Hide(replaced);
        }
    }

    private static void Delete(CollectionData data, ref RecordReader reader)
    {
        foreach (uint ordinal in reader.ReadOrdinals())
        {
            RequireLive(data, ordinal);
            data.Ids.Remove(data.Ids.Id(ordinal));
            data.Hide(ordinal);
        }
    }

    private static void SetAttributes(CollectionData data, ref RecordReader reader)
    {
        uint ordinal = reader.ReadUInt32();
        ReadOnlySpan<byte> blob = reader.ReadBytes();
        RequireLive(data, ordinal);
        data.Pages.Changing(PageKind.Point, ordinal);
        data.Attributes.Set(ordinal, blob.IsEmpty ? null : blob.ToArray());
    }

    private void SetLinks(VectorIndex index, ref RecordReader reader)
    {
        for (uint rows = reader.ReadUInt32(); rows > 0; rows--)
        {
            var row = new RowKey(reader.ReadUInt32(), reader.ReadByte());
            int count = reader.ReadUInt16();
            if (!index.IsValidRow(row, count))
            {
                throw new InvalidDataException($"slot {row.Ordinal} has no row of {count} links on layer {row.Layer}");
            }

            Span<uint> links = Scratch(ref _links, count);
            reader.ReadOrdinals(links);
            foreach (uint link in links)
            {
                if (!index.IsValidLink(link, row.Layer))
                {
                    throw new InvalidDataException($"slot {row.Ordinal} links to slot {link}, which is not on layer {row.Layer}");
                }
            }

            index.RestoreLinks(row, links);
        }
    }

    private static void Forget(CollectionData data, ref RecordReader reader)
    {
        uint[] ordinals = reader.ReadOrdinals();
        foreach (uint ordinal in ordinals)
        {
            if (!data.Hidden.Contains(ordinal))
            {
                throw new InvalidDataException($"slot {ordinal} is given back and was not hidden");
            }

            data.Pages.Changing(PageKind.Point, ordinal);
            data.Hidden.Remove(ordinal);

            data.Attributes.Set(ordinal, null);
        }

        data.Index.Forget(ordinals);
    }

    private static void RequireLive(CollectionData data, uint ordinal)
    {
        if (!data.Index.IsLive(ordinal))
        {
            throw new InvalidDataException($"slot {ordinal} holds no point");
        }
    }

    private static Span<T> Scratch<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[Math.Max(length, buffer.Length * 2)];
        }

        return buffer.AsSpan(0, length);
    }
}
