using System.Diagnostics;

namespace AnnServer.Storage.Pages;

/// <summary>
/// Images of pages by key, kept in FasterKV: the newest of every page, as of the last checkpoint. Open it, load a checkpoint, begin
/// after it; then write what has changed and commit, again and again. One thread at a time.
/// </summary>
/// <remarks>
/// A commit is a fold-over checkpoint of FASTER, which makes the pages durable, and then a manifest, which makes them the checkpoint.
/// The last two are kept: the one before stands in where the last is damaged.
/// </remarks>
public sealed class PageStore : IDisposable
{
    private const int KeptCheckpoints = 2;
    private const int LargestSectorBytes = 4096;
    private const long FillerKey = -1;

    private readonly StorageOptions _options;
    private readonly StorageLayout _layout;
    private readonly Guid _logId;
    private readonly ulong _epoch;
    private readonly List<Checkpoint> _checkpoints = [];
    private readonly List<PageExtent> _extents = [];

    // FASTER reads its whole log to rebuild its index: not before the first page is written, so that no start waits for it.
    private Func<PageLog>? _open;
    private PageLog? _log;
    private volatile bool _isClosed;
    private byte[] _envelope = new byte[4096];
    private long _begin = PageLog.FirstAddress;

    // Of the pages written since the last commit: where they begin, how many, and where those of the collection at hand begin.
    private long _roundFrom;
    private long _written;
    private (uint Collection, long From)? _extent;
    private long _newestNumber;
    private long _busySince;

    private PageStore(StorageOptions options, Guid logId, ulong epoch)
    {
        _options = options;
        _layout = new StorageLayout(_options.Directory);
        _logId = logId;
        _epoch = epoch;
        Images = new PageImages(_layout, options.SegmentBytes);
    }

    public string Folder => _layout.PageFolder;

    /// <summary>Reads single images of the last checkpoint.</summary>
    public PageImages Images { get; }

    /// <summary>Checkpoints that can be loaded, newest first.</summary>
    public IReadOnlyList<Checkpoint> Checkpoints => _checkpoints;

    /// <summary>Manifests that were found and are damaged, and why.</summary>
    public IReadOnlyList<string> Damaged { get; private set; } = [];

    /// <summary>Opens the store of the folder that a log has locked.</summary>
    public static PageStore Open(StorageOptions options, OperationLog log)
    {
        var store = new PageStore(options, log.Identity, log.Epoch);
        Directory.CreateDirectory(store._layout.PageFolder);
        store.FindCheckpoints();
        return store;
    }

    /// <summary>
    /// Hands every image of some collections of a checkpoint to the handler of its kind, the newest of a page first; the last handler
    /// takes all kinds from its own on. Handlers run side by side, each on one thread at a time.
    /// </summary>
    /// <exception cref="StorageCorruptionException">Some of its bytes are not what was written.</exception>
    public void Load(Checkpoint checkpoint, IReadOnlyList<IPageHandler> handlers, IReadOnlySet<uint> collections)
    {
        if (TokenFiles.Checksum(_layout, checkpoint.Token) != checkpoint.TokenChecksum)
        {
            throw new StorageCorruptionException(
                $"Checkpoint {checkpoint.Number} is damaged: FASTER's description of it in '{_layout.Token(checkpoint.Token)}' has the wrong checksum.");
        }

        using var files = new PageFiles(_layout, checkpoint.SegmentBytes);
        new PageReader(checkpoint, files).Read(handlers, collections);
    }

    /// <summary>Collections of a checkpoint that damaged bytes belong to.</summary>
    public IReadOnlySet<uint> FindDamaged(Checkpoint checkpoint)
    {
        using var files = new PageFiles(_layout, checkpoint.SegmentBytes);
        return PageBlocks.FindDamaged(checkpoint, files)
            .SelectMany(range => checkpoint.Extents.Where(extent => extent.From < range.To && extent.To > range.From))
            .Select(static extent => extent.Collection)
            .ToHashSet();
    }

    /// <summary>Goes on after a checkpoint, or with an empty store: whatever else is in the folder is deleted.</summary>
    /// <param name="pages">How many pages are expected.</param>
    public void Begin(Checkpoint? checkpoint, long pages)
    {
        foreach (long number in _layout.ExistingManifests())
        {
            if (checkpoint is null || number > checkpoint.Number)
            {
                File.Delete(_layout.Manifest(number));
            }
        }

        _checkpoints.RemoveAll(other => checkpoint is null || other.Number > checkpoint.Number);
        if (checkpoint is null)
        {
            foreach (long segment in _layout.ExistingPageSegments())
            {
                File.Delete(_layout.PageSegment(segment));
            }
        }
        else
        {
            _begin = checkpoint.Begin;
            Images.BeginAt(checkpoint.Begin);
            _extents.AddRange(checkpoint.Extents);
        }

        DirectorySync.Flush(_layout.PageFolder);
        RemoveUnnamed();
        _open = () => PageLog.Open(_options, _layout, pages, checkpoint);
    }

    /// <summary>
    /// Writes an image. The pages of one collection come together. Returns the address at which <see cref="Images"/> has it after the
    /// commit.
    /// </summary>
    /// <exception cref="IOException">A write has failed.</exception>
    public long Write(PageKey key, ulong lsn, ReadOnlySpan<byte> image)
    {
        int length = PageEnvelope.OverheadBytes + image.Length;
        if (_envelope.Length < length)
        {
            _envelope = new byte[Math.Max(length, _envelope.Length * 2)];
        }

        PageLog log = Log();
        Volatile.Write(ref _busySince, Stopwatch.GetTimestamp());
        ThrowIfFailed(log);
        if (_extent?.Collection != key.Collection)
        {
            EndExtent(log.Tail);
            _extent = (key.Collection, log.Tail);
            _roundFrom = _written == 0 ? log.Tail : _roundFrom;
        }

        Span<byte> envelope = _envelope.AsSpan(0, length);
        PageEnvelope.Write(envelope, key.Packed, lsn, image);
        long address = Write(log, key.Packed, envelope);
        Volatile.Write(ref _busySince, 0);
        return address;
    }

    /// <summary>
    /// Makes what has been written since the last commit a checkpoint: all of it, with every page that was not written as it was
    /// before. It belongs to the place in the log that <paramref name="redo"/> names, up to which the log must be durable.
    /// </summary>
    /// <param name="replacesAll">Every page that is still wanted has been written since the last commit: nothing older is kept.</param>
    /// <exception cref="IOException">A write has failed; so will every later one.</exception>
    /// <exception cref="TimeoutException">The disk does not answer.</exception>
    public async Task<Checkpoint> CommitAsync(LogPosition redo, ReadOnlyMemory<byte> catalog, bool replacesAll)
    {
        PageLog log = Log();
        Volatile.Write(ref _busySince, Stopwatch.GetTimestamp());
        EndExtent(log.Tail);
        long begin = !replacesAll ? _begin : _written == 0 ? log.Tail : _roundFrom;
        FillSector(log);
        long tail = log.Tail;
        Guid token = await log.CheckpointAsync(_options.CommitTimeout).ConfigureAwait(false);
        Checkpoint? before = _checkpoints.Count == 0 ? null : _checkpoints[0];
        PageExtent[] extents = [.. _extents.Where(extent => extent.To > begin).Select(extent => extent with { From = Math.Max(extent.From, begin) })];
        using var files = new PageFiles(_layout, _options.SegmentBytes);
        Verify(files, before?.Tail ?? PageLog.FirstAddress, tail);
        TokenFiles.Flush(_layout, token);
        var checkpoint = new Checkpoint
        {
            Number = ++_newestNumber,
            LogId = _logId,
            Epoch = _epoch,
            Redo = redo,
            PageBytes = _options.PageBytes,
            SegmentBytes = _options.SegmentBytes,
            Begin = begin,
            Tail = tail,
            Token = token,
            TokenChecksum = TokenFiles.Checksum(_layout, token)
                ?? throw new StorageCorruptionException($"FASTER has taken a checkpoint without describing it in '{_layout.Token(token)}'."),
            BlockChecksums = PageBlocks.Extend(before, files, _options.PageBytes, begin, tail),
            Extents = extents,
            Catalog = catalog,
        };
        ManifestFile.Save(_layout.Manifest(checkpoint.Number), checkpoint);
        _checkpoints.Insert(0, checkpoint);
        (_begin, _written) = (begin, 0);
        _extents.Clear();
        _extents.AddRange(extents);
        RetireOld(log);
        Volatile.Write(ref _busySince, 0);
        return checkpoint;
    }

    /// <summary>Copies a checkpoint into a folder of its own; see <see cref="PageBackup"/>. No commit may be made meanwhile.</summary>
    public BackupReceipt BackUp(Checkpoint checkpoint, string folder, string? before, CancellationToken cancellation) =>
        PageBackup.Write(_layout, checkpoint, folder, before, cancellation);

    /// <summary>How long the disk has owed an answer to the call that is under way; zero where none is.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _busySince) is var since && since != 0 ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Memory that it takes; none before the first page is written. Any thread.</summary>
    public long MemoryBytes => Volatile.Read(ref _log) is { } log && !_isClosed ? log.MemoryBytes : 0;

    /// <summary>Closes the files. What has been written since the last commit is lost.</summary>
    public void Dispose()
    {
        Images.Dispose();
        _isClosed = true;
        // A disk that owes an answer would keep FASTER waiting for it.
        if (BusyFor == TimeSpan.Zero && _log is { Failed.IsCompleted: false } log)
        {
            log.Dispose();
        }
    }

    private static void ThrowIfFailed(PageLog log)
    {
        if (log.Failed.IsCompleted)
        {
            throw log.Failed.Result;
        }
    }

    private PageLog Log() => _log ??= (_open ?? throw new InvalidOperationException("Pages are written after the store has begun."))();

    private void FindCheckpoints()
    {
        var damaged = new List<string>();
        foreach (long number in _layout.ExistingManifests().AsEnumerable().Reverse())
        {
            _newestNumber = Math.Max(_newestNumber, number);
            Checkpoint? checkpoint = ManifestFile.TryLoad(_layout.Manifest(number), out string fault);
            if (checkpoint is not null && (checkpoint.Number != number || checkpoint.LogId != _logId))
            {
                fault = checkpoint.Number != number ? $"it is that of checkpoint {checkpoint.Number}" : "it belongs to another log";
                checkpoint = null;
            }

            if (checkpoint is null)
            {
                damaged.Add($"'{_layout.Manifest(number)}' cannot be used: {fault}.");
            }
            else if (checkpoint.PageBytes != _options.PageBytes || checkpoint.SegmentBytes != _options.SegmentBytes)
            {
                throw new InvalidOperationException(
                    $"The pages in '{_layout.PageFolder}' were written with pages of {checkpoint.PageBytes} bytes and segments of "
                    + $"{checkpoint.SegmentBytes} bytes; they cannot be opened with {_options.PageBytes} and {_options.SegmentBytes} bytes.");
            }
            else
            {
                _checkpoints.Add(checkpoint);
            }
        }

        Damaged = damaged;
    }

    // FASTER writes whole sectors, and not as they were: it clears marks in the headers of records that it has recovered. So the next
    // page must not share a sector with this checkpoint: what fills it up belongs to no collection and is never read.
    private void FillSector(PageLog log)
    {
        int sectorBytes = Math.Min(LargestSectorBytes, _options.PageBytes / 8);
        int room = (int)(-log.Tail & (sectorBytes - 1));
        if (room == 0)
        {
            return;
        }

        int length = room >= PageScan.RecordBytes(PageEnvelope.OverheadBytes) ? room : room + sectorBytes;
        if ((log.Tail % _options.PageBytes) + length > _options.PageBytes)
        {
            // What does not fit on a page of the log goes to the begin of the next.
            length = sectorBytes;
        }

        byte[] filler = new byte[length - PageScan.RecordBytes(0)];
        PageEnvelope.Write(filler, FillerKey, 0, new byte[filler.Length - PageEnvelope.OverheadBytes]);
        Write(log, FillerKey, filler);
    }

    private long Write(PageLog log, long key, ReadOnlySpan<byte> envelope)
    {
        long address = log.Write(key, envelope, out bool isNew);
        _written += isNew ? 1 : 0;
        return address;
    }

    private void EndExtent(long to)
    {
        if (_extent is not { } extent)
        {
            return;
        }

        _extent = null;
        if (_extents.Count > 0 && _extents[^1].Collection == extent.Collection && _extents[^1].To == extent.From)
        {
            _extents[^1] = _extents[^1] with { To = to };
        }
        else
        {
            _extents.Add(new PageExtent(extent.From, to, extent.Collection));
        }
    }

    // FASTER has reported success for pages that are not there; what is read back must be what was written.
    private void Verify(PageFiles files, long from, long to)
    {
        byte[] page = new byte[_options.PageBytes];
        var offsets = new List<int>();
        long found = 0;
        for (long at = from; at < to;)
        {
            long end = Math.Min(to, ((at / page.Length) + 1) * page.Length);
            Span<byte> bytes = page.AsSpan(0, (int)(end - at));
            files.Read(at, bytes);
            offsets.Clear();
            if (!PageScan.TryFind(bytes, offsets))
            {
                throw new StorageCorruptionException("The page log does not hold what was written to it.", at, 0);
            }

            foreach (int offset in offsets)
            {
                found += PageEnvelope.IsSound(PageScan.Value(bytes, offset), PageScan.Key(bytes, offset)) ? 1 : 0;
            }

            at = end;
        }

        if (found != _written)
        {
            throw new StorageCorruptionException($"{_written} pages were written to the page log and {found} are in it.", from, 0);
        }
    }

    private void RetireOld(PageLog log)
    {
        while (_checkpoints.Count > KeptCheckpoints)
        {
            File.Delete(_layout.Manifest(_checkpoints[^1].Number));
            _checkpoints.RemoveAt(_checkpoints.Count - 1);
        }

        // No manifest names any more what is deleted now, also after a power cut.
        DirectorySync.Flush(_layout.PageFolder);
        RemoveUnnamed();
        Images.BeginAt(_checkpoints[^1].Begin);
        log.TruncateUntil(_checkpoints[^1].Begin);
    }

    private void RemoveUnnamed()
    {
        if (!Directory.Exists(_layout.TokenFolder))
        {
            return;
        }

        HashSet<string> named = [.. _checkpoints.Select(checkpoint => _layout.Token(checkpoint.Token))];
        foreach (string folder in Directory.GetDirectories(_layout.TokenFolder))
        {
            if (Guid.TryParse(Path.GetFileName(folder), out _) && !named.Contains(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
