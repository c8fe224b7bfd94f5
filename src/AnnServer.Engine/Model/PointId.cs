using System.Globalization;

namespace AnnServer.Engine.Model;

/// <summary>The caller's name for a point: a number or a string of 1 to 256 UTF-8 bytes. The two never collide.</summary>
public readonly record struct PointId : IComparable<PointId>
{
    /// <summary>Longest key, in UTF-8 bytes.</summary>
    public const int MaxKeyBytes = 256;

    private PointId(ulong number, string? key, bool isSet)
    {
        Number = number;
        Key = key;
        IsSet = isSet;
    }

    /// <summary>The number, where <see cref="Key"/> is null.</summary>
    public ulong Number { get; }

    public string? Key { get; }

    /// <summary>False for the default value, which names no point.</summary>
    public bool IsSet { get; }

    public static PointId FromNumber(ulong number) => new(number, null, true);

    public static PointId FromKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new PointId(0, key, true);
    }

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
