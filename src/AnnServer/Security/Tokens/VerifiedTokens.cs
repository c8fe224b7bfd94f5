using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace AnnServer.Security.Tokens;

/// <summary>
/// The callers of tokens that have been verified lately, by the hash of the token: checking a signature takes longer than a small search.
/// </summary>
internal sealed class VerifiedTokens(TimeProvider time)
{
    public const int Capacity = 10_000;

    /// <summary>So much later a key that the issuer has withdrawn verifies nothing any more.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(UInt128, UInt128), Verified> _verified = new();

    /// <param name="keys">Those in use; what others have verified is forgotten.</param>
    public Caller? Find(string token, object? keys) =>
        _verified.TryGetValue(Hash(token), out Verified? verified)
        && ReferenceEquals(verified.Keys, keys)
        && time.GetUtcNow() <= verified.Until
        && time.GetUtcNow() <= verified.Caller.NotAfter
            ? verified.Caller
            : null;

    public void Add(string token, object? keys, Caller caller)
    {
        // So many at once are rare, and verified again without harm.
        if (_verified.Count >= Capacity)
        {
            _verified.Clear();
        }

        _verified[Hash(token)] = new Verified(caller, keys, time.GetUtcNow() + Lifetime);
    }

    private static (UInt128 First, UInt128 Second) Hash(string token)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        return (BinaryPrimitives.ReadUInt128LittleEndian(hash), BinaryPrimitives.ReadUInt128LittleEndian(hash.AsSpan(16)));
    }

    private sealed record Verified(Caller Caller, object? Keys, DateTimeOffset Until);
}
