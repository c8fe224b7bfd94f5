namespace AnnServer.Storage;

/// <summary>Bytes on disk are not what was written. The log itself is left as it was found.</summary>
public sealed class StorageCorruptionException : IOException
{
    public StorageCorruptionException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal StorageCorruptionException(string message, long address, ulong lsn, Exception? innerException = null)
        : base($"{message} (address {address}, LSN {lsn})", innerException)
    {
        Address = address;
        Lsn = lsn;
    }

    /// <summary>Log address of the damage, or -1 where there is none.</summary>
    public long Address { get; private init; } = -1;

    /// <summary>The record that was expected there, or 0.</summary>
    public ulong Lsn { get; private init; }

    /// <summary>The same, with the folder that it is about.</summary>
    internal StorageCorruptionException In(string folder) => new($"'{folder}': {Message}", this) { Address = Address, Lsn = Lsn };
}
