using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;

namespace AnnServer.Security.Keys;

/// <summary>The callers of one version of the keys file, by the hash of their key.</summary>
internal sealed class KeyRing
{
    private readonly FrozenDictionary<ulong, Caller[]> _callers;

    public KeyRing(IReadOnlyList<Caller> callers)
    {
        Count = callers.Count;
        _callers = callers.GroupBy(caller => Beginning(caller.KeyHash)).ToFrozenDictionary(group => group.Key, group => group.ToArray());
    }

    public int Count { get; }

    public Caller? Find(ReadOnlySpan<byte> hash)
    {
        // How long the look-up takes can tell something about eight bytes of a hash, which nobody can turn into a key; all of it is
        // compared in constant time.
        if (_callers.TryGetValue(Beginning(hash), out Caller[]? candidates))
        {
            foreach (Caller candidate in candidates)
            {
                if (CryptographicOperations.FixedTimeEquals(candidate.KeyHash, hash))
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    private static ulong Beginning(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);
}
