using System.Runtime.InteropServices;
using System.Text;

namespace AnnServer.Storage.Pages;

/// <summary>
/// The file of a checkpoint, little endian:
/// <code>
/// u32 magic 'AWM1' | u32 version | i64 number | 16 bytes identity of the log | u64 epoch | u64 redo lsn | i64 redo address
/// i32 page bytes | i64 segment bytes | i64 begin | i64 tail | 16 bytes token | u32 token checksum
/// i32 blocks, u32 each | i32 extents, (i64 from, i64 to, u32 collection) each | i32 bytes of catalog | catalog | u32 crc32c of all before
/// </code>
/// </summary>
internal static class ManifestFile
{
    private const uint Magic = 0x314D5741; // "AWM1"
    private const uint Version = 1;
    private const int LeastBytes = 128;

    /// <summary>Writes the file so that it is either absent or whole; from then on the checkpoint is there.</summary>
    public static void Save(string path, Checkpoint checkpoint)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(checkpoint.Number);
        writer.Write(checkpoint.LogId.ToByteArray());
        writer.Write(checkpoint.Epoch);
        writer.Write(checkpoint.Redo.Lsn);
        writer.Write(checkpoint.Redo.Address);
        writer.Write(checkpoint.PageBytes);
        writer.Write(checkpoint.SegmentBytes);
        writer.Write(checkpoint.Begin);
        writer.Write(checkpoint.Tail);
        writer.Write(checkpoint.Token.ToByteArray());
        writer.Write(checkpoint.TokenChecksum);
        writer.Write(checkpoint.BlockChecksums.Length);
        writer.Write(MemoryMarshal.AsBytes<uint>(checkpoint.BlockChecksums));
        writer.Write(checkpoint.Extents.Length);
        foreach (PageExtent extent in checkpoint.Extents)
        {
            writer.Write(extent.From);
            writer.Write(extent.To);
            writer.Write(extent.Collection);
        }

        writer.Write(checkpoint.Catalog.Length);
        writer.Write(checkpoint.Catalog.Span);
        writer.Write(Crc32C.Compute(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        DurableFile.Write(path, stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Reads a file; null where it is not a whole manifest, and then why.</summary>
    public static Checkpoint? TryLoad(string path, out string fault)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < LeastBytes || Crc32C.Compute(bytes.AsSpan(..^4)) != BitConverter.ToUInt32(bytes.AsSpan(^4..)))
        {
            fault = "its checksum is wrong";
            return null;
        }

        // The checksum holds, so what follows is what was written.
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        uint magic = reader.ReadUInt32();
        uint version = reader.ReadUInt32();
        if (magic != Magic || version != Version)
        {
            fault = magic != Magic ? "it is not a manifest" : $"it has version {version}, this server reads version {Version}";
            return null;
        }

        fault = "";
        return new Checkpoint
        {
            Number = reader.ReadInt64(),
            LogId = new Guid(reader.ReadBytes(16)),
            Epoch = reader.ReadUInt64(),
            Redo = new LogPosition(reader.ReadUInt64(), reader.ReadInt64()),
            PageBytes = reader.ReadInt32(),
            SegmentBytes = reader.ReadInt64(),
            Begin = reader.ReadInt64(),
            Tail = reader.ReadInt64(),
            Token = new Guid(reader.ReadBytes(16)),
            TokenChecksum = reader.ReadUInt32(),
            BlockChecksums = MemoryMarshal.Cast<byte, uint>(reader.ReadBytes(reader.ReadInt32() * sizeof(uint))).ToArray(),
            Extents = ReadExtents(reader),
            Catalog = reader.ReadBytes(reader.ReadInt32()),
        };
    }

    private static PageExtent[] ReadExtents(BinaryReader reader)
    {
        var extents = new PageExtent[reader.ReadInt32()];
        for (int i = 0; i < extents.Length; i++)
        {
            extents[i] = new PageExtent(reader.ReadInt64(), reader.ReadInt64(), reader.ReadUInt32());
        }

        return extents;
    }
}
