namespace AnnServer.Testing;

/// <summary>A new directory that is gone with everything in it when the test ends.</summary>
public sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ann-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
