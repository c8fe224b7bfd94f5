using System.Security.Cryptography;
using AnnServer.Hosting;

namespace AnnServer.Security;

/// <summary>
/// What some files say, read again when they change; while they say nothing that can be used, what they said before. Looks at their
/// content every so often: that sees what Kubernetes does with links, and works on every file system.
/// </summary>
internal sealed class ReloadedFiles<T> : IReloaded
    where T : class
{
    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<byte[]>, T> _load;
    private byte[] _seen = [];
    private string? _fault;
    private T _current;

    private ReloadedFiles(IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> load)
    {
        _paths = paths;
        _load = load;
        IReadOnlyList<byte[]> contents = Read();
        _current = load(contents);
        _seen = Hash(contents);
    }

    public T Current => Volatile.Read(ref _current);

    /// <param name="load">Throws InvalidDataException for content that cannot be used.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">What they say cannot be used.</exception>
    public static ReloadedFiles<T> Open(IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> load) => new(paths, load);

    public void Look(ILogger logger)
    {
        try
        {
            IReadOnlyList<byte[]> contents = Read();
            byte[] hash = Hash(contents);
            if (hash.AsSpan().SequenceEqual(_seen))
            {
                _fault = null;
                return;
            }

            // Told once, whether they can be used or not.
            _seen = hash;
            Volatile.Write(ref _current, _load(contents));
            logger.Reloaded(Names());
        }
        catch (Exception e)
        {
            // Whatever is wrong with them, the server goes on with what it has.
            if (e.Message != _fault)
            {
                _fault = e.Message;
                logger.NotReloaded(Names(), e.Message);
            }
        }
    }

    private string Names() => string.Join(", ", _paths);

    private List<byte[]> Read() => _paths.Select(File.ReadAllBytes).ToList();

    private static byte[] Hash(IReadOnlyList<byte[]> contents)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] content in contents)
        {
            hash.AppendData(BitConverter.GetBytes(content.Length));
            hash.AppendData(content);
        }

        return hash.GetHashAndReset();
    }
}
