namespace AnnServer.Storage.Tests;

/// <summary>Keeps copies of what a replay hands over.</summary>
internal sealed class RecordCollector : IRecordHandler
{
    public List<StoredRecord> Records { get; } = [];

    public void OnRecord(in LogRecord record) =>
        Records.Add(new StoredRecord(record.Lsn, record.Epoch, record.Operation, record.Collection, record.Payload.ToArray()));
}
