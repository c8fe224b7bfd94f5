namespace AnnServer.Testing;

/// <summary>What can happen to a file behind the back of whoever wrote it.</summary>
public static class Damage
{
    private const int BlockBytes = 4096;

    /// <summary>Leaves a file damaged in one of several ways, and says which.</summary>
    /// <param name="sound">What the file holds.</param>
    public static string Do(string path, ReadOnlySpan<byte> sound, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        byte[] bytes = sound.ToArray();
        string what = bytes.Length == 0 ? "missing" : random.Next(8) switch
        {
            < 4 => "bit flip",
            4 => "zeroed block",
            5 => "rubbish",
            6 => "truncation",
            _ => "missing",
        };
        int at = bytes.Length == 0 ? 0 : random.Next(bytes.Length);
        switch (what)
        {
            case "bit flip":
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case "zeroed block":
                bytes.AsSpan(at / BlockBytes * BlockBytes, Math.Min(BlockBytes, bytes.Length - (at / BlockBytes * BlockBytes))).Clear();
                break;
            case "rubbish":
                random.NextBytes(bytes.AsSpan(at, Math.Min(16, bytes.Length - at)));
                break;
            case "truncation":
                bytes = bytes[..at];
                break;
        }

        if (what == "missing")
        {
            File.Delete(path);
        }
        else
        {
            File.WriteAllBytes(path, bytes);
        }

        return what;
    }
}
