using System.Globalization;
using System.Text;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Model;

/// <summary>The caller's name for a point: a number or a string of 1 to 256 UTF-8 bytes. The two never collide.</summary>
public readonly struct PointId : IEquatable<PointId>, IComparable<PointId>
{
    /// <summary>Longest key, in UTF-8 bytes.</summary>
    public const int MaxKeyBytes = 256;

    private PointId(ulong number, string? key)
    {
        Number = number;
        Key = key;
        IsSet = true;
    }

    /// <summary>The number, where <see cref="Key"/> is null.</summary>
    public ulong Number { get; }

    public string? Key { get; }

    /// <summary>False for the default value, which names no point.</summary>
    public bool IsSet { get; }

    public static PointId FromNumber(ulong number) => new(number, null);

    public static PointId FromKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new PointId(0, key);
    }

    /// <summary>Names what is wrong with the identifier, if anything is.</summary>
    public void Validate(string field, Faults faults)
    {
        if (!IsSet)
        {
            faults.Add(field, "is missing; set num or key");
        }
        else if (Key is not null)
        {
            int bytes = Encoding.UTF8.GetByteCount(Key);
            if (bytes is 0 or > MaxKeyBytes)
            {
                faults.Add($"{field}.key", $"has {bytes} bytes of UTF-8; 1 to {MaxKeyBytes} are allowed");
            }
            else if (!Utf8Order.IsWellFormed(Key))
            {
                // It would come back from the log as another key.
                faults.Add($"{field}.key", "has a lone surrogate, which has no UTF-8 form");
            }
        }
    }

    public bool Equals(PointId other) =>
        Number == other.Number && IsSet == other.IsSet && string.Equals(Key, other.Key, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is PointId other && Equals(other);

    /// <summary>
    /// The number is mixed: the hash of a ulong is one half xor the other, which makes a few hundred values of a million numbers
    /// put together of two small ones.
    /// </summary>
    public override int GetHashCode() =>
        Key is null ? HashCode.Combine((uint)Number, (uint)(Number >> 32)) : Key.GetHashCode(StringComparison.Ordinal);

    public static bool operator ==(PointId left, PointId right) => left.Equals(right);

    public static bool operator !=(PointId left, PointId right) => !left.Equals(right);

    /// <summary>Numbers before keys; numbers by value, keys by ordinal comparison.</summary>
    public int CompareTo(PointId other) => (Key, other.Key) switch
    {
        (null, null) => Number.CompareTo(other.Number),
        (null, _) => -1,
        (_, null) => 1,
        _ => string.CompareOrdinal(Key, other.Key),
    };

    public override string ToString() => Key ?? Number.ToString(CultureInfo.InvariantCulture);
}
