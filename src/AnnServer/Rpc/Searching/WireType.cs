namespace AnnServer.Rpc.Searching;

/// <summary>How the value of a field is written: the lower three bits of its tag, above which is the number of the field.</summary>
internal static class WireType
{
    public const uint Varint = 0;
    public const uint Fixed64 = 1;
    public const uint Bytes = 2;
    public const uint StartGroup = 3;
    public const uint EndGroup = 4;
    public const uint Fixed32 = 5;
}
