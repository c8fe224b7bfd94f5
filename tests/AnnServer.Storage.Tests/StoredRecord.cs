namespace AnnServer.Storage.Tests;

internal sealed record StoredRecord(ulong Lsn, ulong Epoch, byte Operation, uint Collection, byte[] Payload);
