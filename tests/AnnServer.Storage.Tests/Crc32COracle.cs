namespace AnnServer.Storage.Tests;

/// <summary>CRC-32C one bit at a time, by its definition: reflected polynomial 0x82F63B78, all ones in and out.</summary>
internal static class Crc32COracle
{
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
