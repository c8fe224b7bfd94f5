using FASTER.core;

namespace AnnServer.Storage;

/// <summary>Walks the records of an address range and checks every one of them.</summary>
internal static class LogReader
{
    /// <summary>Hands every record of the range to the handler, if there is one; the first LSN must be the given one unless that is 0.</summary>
    /// <returns>Count of the records and LSN of the last (<paramref name="firstLsn"/> − 1 where there are none).</returns>
    /// <exception cref="StorageCorruptionException">A record is damaged, missing or of an unknown version.</exception>
    public static unsafe (long Records, ulong LastLsn) Read(FasterLog log, long from, long to, ulong firstLsn, IRecordHandler? handler)
    {
        long records = 0;
        ulong expected = firstLsn;
        ulong epoch = 0;
        using FasterLogScanIterator entries = log.Scan(from, to, recover: false);
        while (Next(entries, expected, out byte* entry, out int length, out long address))
        {
            // The entry is borrowed from the page until it is released.
            try
            {
                if (!RecordEnvelope.TryRead(new ReadOnlySpan<byte>(entry, length), out LogRecord record, out string fault))
                {
                    throw new StorageCorruptionException($"The log is damaged: {fault}.", address, expected);
                }

                if (expected != 0 && record.Lsn != expected)
                {
                    throw new StorageCorruptionException(
                        $"The log is damaged: LSN {record.Lsn} follows LSN {expected - 1}.", address, expected);
                }

                if (record.Epoch < epoch)
                {
                    throw new StorageCorruptionException(
                        $"The log is damaged: epoch {record.Epoch} follows epoch {epoch}.", address, record.Lsn);
                }

                epoch = record.Epoch;
                handler?.OnRecord(record);
                expected = record.Lsn + 1;
                records++;
            }
            finally
            {
                entries.UnsafeRelease();
            }
        }

        if (entries.NextAddress < to)
        {
            throw new StorageCorruptionException(
                $"The log is damaged: it should reach address {to}, its entries end earlier.", entries.NextAddress, expected);
        }

        return (records, expected == 0 ? 0 : expected - 1);
    }

    private static unsafe bool Next(FasterLogScanIterator entries, ulong expected, out byte* entry, out int length, out long address)
    {
        try
        {
            return entries.UnsafeGetNext(out entry, out length, out address, out _);
        }
        catch (FasterException e)
        {
            throw new StorageCorruptionException($"The log is damaged: {e.Message}", entries.NextAddress, expected, e);
        }
    }
}
