namespace AnnServer.Storage.Tests;

public sealed class DurableFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_WhileTheDraftIsBeingCopied_ReplacesTheFile()
    {
        string path = Path.Combine(_folder.Path, "small");
        File.WriteAllBytes(path, [1, 2, 3]);
        File.WriteAllBytes(path + ".tmp", [9]);
        using (new FileStream(path + ".tmp", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            DurableFile.Write(path, [4, 5]);
        }

        Assert.Equal([4, 5], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }
}
