using CsCheck;

namespace AnnServer.Storage.Tests;

public sealed class RecordEnvelopeTests
{
    private static readonly Gen<StoredRecord> AnyRecord = Gen.Select(
        Gen.ULong, Gen.ULong, Gen.Byte, Gen.UInt, Gen.Byte.Array[0, 200], (l, e, o, c, p) => new StoredRecord(l, e, o, c, p));

    [Fact]
    public void Write_OfAKnownRecord_HasTheDocumentedBytes()
    {
        // Version 1 as it is on disk for ever; the checksum was computed by the bitwise definition below.
        byte[] written = Write(new StoredRecord(0x0102030405060708, 3, 9, 0xAABBCCDD, [0x10, 0x20, 0x30]));
        Assert.Equal(
            "41575231" + "01" + "09" + "0000" + "03000000" + "0807060504030201" + "0300000000000000" + "DDCCBBAA" + "102030",
            Convert.ToHexString(written[..^4]));
        Assert.Equal(Crc32COracle.Compute(written.AsSpan()[..^4]), BitConverter.ToUInt32(written.AsSpan()[^4..]));
    }

    [Fact]
    public void Read_OfAnyWrittenRecord_ReturnsIt() => AnyRecord.Sample(record =>
    {
        Assert.True(RecordEnvelope.TryRead(Write(record), out LogRecord read, out _));
        Assert.Equal(record.Lsn, read.Lsn);
        Assert.Equal(record.Epoch, read.Epoch);
        Assert.Equal(record.Operation, read.Operation);
        Assert.Equal(record.Collection, read.Collection);
        Assert.Equal(record.Payload, read.Payload.ToArray());
    });

    [Fact]
    public void Read_WithOneOrTwoBitsFlipped_Fails() =>
        Gen.Select(AnyRecord, Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((record, first, second) =>
        {
            byte[] bytes = Write(record);
            int bits = bytes.Length * 8;
            bytes[first % bits / 8] ^= (byte)(1 << (first % 8));
            bool undone = false;
            if (second % 2 == 0)
            {
                byte before = bytes[second % bits / 8];
                bytes[second % bits / 8] ^= (byte)(1 << (second % 8));
                undone = first % bits / 8 == second % bits / 8 && first % 8 == second % 8 && before != bytes[second % bits / 8];
            }

            Assert.Equal(undone, RecordEnvelope.TryRead(bytes, out _, out _));
        });

    [Fact]
    public void Read_OfAnyPrefix_Fails()
    {
        byte[] bytes = Write(new StoredRecord(1, 1, 1, 1, new byte[50]));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(RecordEnvelope.TryRead(bytes.AsSpan(0, length), out _, out string fault));
            Assert.NotEmpty(fault);
        }
    }

    [Theory]
    [InlineData(4, 2, "version 2")]
    [InlineData(6, 1, "flags")]
    public void Read_OfALaterFormat_SaysSo(int offset, byte value, string expected)
    {
        byte[] bytes = Write(new StoredRecord(1, 1, 1, 1, [1, 2, 3]));
        bytes[offset] = value;
        BitConverter.TryWriteBytes(bytes.AsSpan()[^4..], Crc32COracle.Compute(bytes.AsSpan()[..^4]));
        Assert.False(RecordEnvelope.TryRead(bytes, out _, out string fault));
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Crc32C_MatchesTheBitwiseDefinition()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Gen.Byte.Array[0, 100].Sample(bytes => Assert.Equal(Crc32COracle.Compute(bytes), Crc32C.Compute(bytes)));
    }

    [Fact]
    public void Crc32C_Appended_IsTheChecksumOfTheWhole() => Gen.Select(Gen.Byte.Array[0, 50], Gen.Byte.Array[0, 50]).Sample(
        (a, b) => Assert.Equal(Crc32COracle.Compute([.. a, .. b]), Crc32C.Append(Crc32C.Compute(a), b)));

    private static byte[] Write(StoredRecord record)
    {
        byte[] bytes = new byte[RecordEnvelope.OverheadBytes + record.Payload.Length];
        RecordEnvelope.Write(bytes, new LogRecord
        {
            Lsn = record.Lsn,
            Epoch = record.Epoch,
            Operation = record.Operation,
            Collection = record.Collection,
            Payload = record.Payload,
        });
        return bytes;
    }
}
