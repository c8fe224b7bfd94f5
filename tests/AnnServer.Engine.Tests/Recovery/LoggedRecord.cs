using AnnServer.Engine.Collections;
using AnnServer.Storage;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>A copy of one record of a log.</summary>
internal sealed record LoggedRecord(Operation Operation, uint Collection, byte[] Payload)
{
    /// <summary>Every record of a closed database.</summary>
    public static async Task<List<LoggedRecord>> ReadAllAsync(string folder)
    {
        await using OperationLog log = OperationLog.Open(new StorageOptions(folder), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var collector = new Collector();
        log.Replay(collector);
        return collector.Records;
    }

    public void ReplayTo(IRecordHandler handler) => handler.OnRecord(new LogRecord
    {
        Lsn = 1,
        Epoch = 1,
        Operation = (byte)Operation,
        Collection = Collection,
        Payload = Payload,
    });

    private sealed class Collector : IRecordHandler
    {
        public List<LoggedRecord> Records { get; } = [];

        public void OnRecord(in LogRecord record) =>
            Records.Add(new LoggedRecord((Operation)record.Operation, record.Collection, record.Payload.ToArray()));
    }
}
