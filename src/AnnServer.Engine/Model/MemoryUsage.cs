namespace AnnServer.Engine.Model;

/// <summary>Bytes held in memory, by component.</summary>
public readonly record struct MemoryUsage(long Vectors, long Codes, long Graph, long Ids, long Attributes, long AttributeIndexes)
{
    public long Total => Vectors + Codes + Graph + Ids + Attributes + AttributeIndexes;
}
