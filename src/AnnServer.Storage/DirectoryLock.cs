namespace AnnServer.Storage;

/// <summary>Keeps a second process, or a second open in this one, out of a folder.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    public static DirectoryLock Acquire(StorageLayout layout)
    {
        try
        {
            // No sharing is an advisory exclusive flock on Unix; the system drops it when the process dies.
            return new DirectoryLock(new FileStream(layout.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException e) when (File.Exists(layout.LockFile))
        {
            throw new IOException($"The data folder '{layout.Root}' is in use: '{layout.LockFile}' is locked by another instance.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
