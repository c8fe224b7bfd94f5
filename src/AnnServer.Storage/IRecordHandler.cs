namespace AnnServer.Storage;

/// <summary>Receives the records of a replay.</summary>
public interface IRecordHandler
{
    /// <summary>Called once per record, in LSN order, on the thread that replays. An exception ends the replay.</summary>
    void OnRecord(in LogRecord record);
}
