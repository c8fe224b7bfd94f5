using AnnServer.Engine.Collections;
using AnnServer.Storage;

namespace AnnServer.Engine.Checkpoints;

/// <summary>What a checkpoint is made of: all collections as they were after one record of the log.</summary>
/// <param name="LastNumber">Highest number that a collection has ever had.</param>
/// <param name="At">The place in the log after that record.</param>
/// <param name="Everything">Every page is written, so that what lies before can be forgotten.</param>
internal sealed record CheckpointSource(
    uint LastNumber, LogPosition At, bool Everything, IReadOnlyList<(CollectionData Data, CollectionSnapshot Snapshot)> Collections)
{
    /// <summary>
    /// Begins a round in every collection at one moment: nobody writes while all are told, which takes microseconds. Under the lock of
    /// the catalog, so that no collection comes or goes meanwhile.
    /// </summary>
    public static CheckpointSource Begin(OperationLog log, uint lastNumber, IEnumerable<CollectionData> all, Predicate<IReadOnlyList<CollectionData>> isWasteful)
    {
        // Where several commit locks are held, they are taken in this order.
        List<CollectionData> collections = [.. all.OrderBy(static data => data.Number)];
        bool everything = isWasteful(collections);
        int locked = 0;
        try
        {
            for (; locked < collections.Count; locked++)
            {
                collections[locked].CommitLock.Enter();
            }

            foreach (CollectionData data in collections)
            {
                data.Pages.BeginRound(everything);
            }

            return new CheckpointSource(
                lastNumber, log.Position, everything, [.. collections.Select(static data => (data, CollectionSnapshot.Of(data)))]);
        }
        finally
        {
            while (locked > 0)
            {
                collections[--locked].CommitLock.Exit();
            }
        }
    }
}
