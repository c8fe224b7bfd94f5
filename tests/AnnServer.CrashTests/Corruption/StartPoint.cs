using AnnServer.Engine;

namespace AnnServer.CrashTests.Corruption;

/// <summary>Where a start has begun: at which checkpoint, and how many records of the log came after it.</summary>
internal readonly record struct StartPoint(long Checkpoint, long Records)
{
    public static StartPoint Of(Database database)
    {
        DatabaseStats stats = database.GetStats();
        return new StartPoint(stats.CheckpointNumber, stats.ReplayedRecords);
    }
}
