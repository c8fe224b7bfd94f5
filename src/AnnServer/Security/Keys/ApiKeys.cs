using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AnnServer.Security.Keys;

/// <summary>The keys as the file has them now.</summary>
internal sealed class ApiKeys(ReloadedFiles<KeyRing> file, TimeProvider time)
{
    private const int MaxKeyLength = 1024;

    /// <returns>Null where there is no such key, or where it has expired.</returns>
    public Caller? Find(string key)
    {
        if (key.Length > MaxKeyLength)
        {
            return null;
        }

        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(key.Length));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8.AsSpan(0, Encoding.UTF8.GetBytes(key, utf8)), hash);
        ArrayPool<byte>.Shared.Return(utf8, clearArray: true);
        return Find(hash);
    }

    public Caller? Find(ReadOnlySpan<byte> hash) => file.Current.Find(hash) is { } caller && time.GetUtcNow() <= caller.NotAfter ? caller : null;
}
