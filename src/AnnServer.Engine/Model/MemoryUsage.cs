namespace AnnServer.Engine.Model;

/// <summary>Bytes held in memory, by component.</summary>
public readonly record struct MemoryUsage(long Vectors, long Graph, long Ids, long Attributes, long AttributeIndexes)
{
    public long Total => Vectors + Graph + Ids + Attributes + AttributeIndexes;
}
