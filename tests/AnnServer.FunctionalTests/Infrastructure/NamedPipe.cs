using System.Diagnostics;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>A pipe in the place of a file: whoever reads the file waits until the test has written it.</summary>
internal sealed class NamedPipe
{
    private readonly string _path;
    private readonly byte[] _content;

    private NamedPipe(string path, byte[] content) => (_path, _content) = (path, content);

    public static async Task<NamedPipe> InPlaceOfAsync(string path, CancellationToken cancellation)
    {
        NamedPipe pipe = new(path, await File.ReadAllBytesAsync(path, cancellation));
        File.Delete(path);
        using Process made = Process.Start("mkfifo", [path]);
        await made.WaitForExitAsync(cancellation);
        Assert.Equal(0, made.ExitCode);
        return pipe;
    }

    /// <summary>Lets one reader have what the file held.</summary>
    public async Task WriteAsync(CancellationToken cancellation)
    {
        await using FileStream file = await Task.Run(() => new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1), cancellation);
        await file.WriteAsync(_content, cancellation);
    }
}
