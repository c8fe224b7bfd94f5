using System.Buffers.Binary;

namespace AnnServer.CrashTests.PowerCuts;

/// <summary>
/// The control: writes numbers to a file beside the server and never asks for them to be flushed. A cut that loses none of them has cut
/// nothing.
/// </summary>
internal sealed class ForgetfulWriter : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    public ForgetfulWriter(string path)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Numbers that were written.</summary>
    public long Written { get; private set; }

    /// <summary>Numbers that a file holds.</summary>
    public static long Read(string path)
    {
        byte[] bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
        long read = 0;
        while ((read + 1) * sizeof(long) <= bytes.Length
            && BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)read * sizeof(long))) == read + 1)
        {
            read++;
        }

        return read;
    }

    /// <summary>Returns when nothing is written any more; the file stays open, since closing it could flush it.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _file.DisposeAsync();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        byte[] number = new byte[sizeof(long)];
        while (!_stop.IsCancellationRequested)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, Written + 1);
            _file.Write(number);
            Written++;
            await Task.Delay(1);
        }
    }
}
