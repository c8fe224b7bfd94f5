using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Checkpoints;

/// <summary>What a checkpoint says of all collections; its stored form is part of the manifest.</summary>
/// <param name="LastNumber">Highest number that a collection has ever had.</param>
/// <param name="Collections">Those whose pages are in the checkpoint.</param>
/// <param name="Gone">Dropped while the checkpoint was made: the log goes on with records of them, the checkpoint has nothing.</param>
internal sealed record CheckpointCatalog(uint LastNumber, IReadOnlyList<CollectionSnapshot> Collections, IReadOnlyList<uint> Gone)
{
    private const byte Version = 1;
    private const uint NoEntry = uint.MaxValue;

    public byte[] Encode()
    {
        var writer = new RecordWriter();
        writer.WriteByte(Version);
        writer.WriteUInt32(LastNumber);
        writer.WriteOrdinals([.. Gone]);
        writer.WriteUInt32((uint)Collections.Count);
        foreach (CollectionSnapshot snapshot in Collections)
        {
            writer.WriteUInt32(snapshot.Number);
            writer.WriteUInt32(snapshot.Slots);
            writer.WriteUInt32((uint)snapshot.Live);
            writer.WriteUInt32((uint)snapshot.Hidden);
            writer.WriteUInt32(snapshot.Entry ?? NoEntry);
            writer.WriteBytes(ConfigCodec.Encode(snapshot.Config));
        }

        return writer.Payload.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not a catalog that this version knows.</exception>
    public static CheckpointCatalog Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new RecordReader(bytes);
        byte version = reader.ReadByte();
        if (version != Version)
        {
            throw new InvalidDataException($"The catalog of a checkpoint has version {version}, this server reads version {Version}.");
        }

        uint lastNumber = reader.ReadUInt32();
        uint[] gone = reader.ReadOrdinals();
        var collections = new List<CollectionSnapshot>();
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            uint number = reader.ReadUInt32();
            uint slots = reader.ReadUInt32();
            int live = checked((int)reader.ReadUInt32());
            int hidden = checked((int)reader.ReadUInt32());
            uint entry = reader.ReadUInt32();
            collections.Add(new CollectionSnapshot(
                number, ConfigCodec.Decode(reader.ReadBytes()), slots, live, hidden, entry == NoEntry ? null : entry));
        }

        return reader.IsAtEnd
            ? new CheckpointCatalog(lastNumber, collections, gone)
            : throw new InvalidDataException("The catalog of a checkpoint is longer than it says.");
    }
}
