namespace AnnServer.Storage;

/// <summary>
/// The log has failed and takes no more writes until the process opens it again. The first failure is the inner exception.
/// </summary>
public sealed class StorageFaultException : IOException
{
    public StorageFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
