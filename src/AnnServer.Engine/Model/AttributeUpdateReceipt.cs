namespace AnnServer.Engine.Model;

public sealed record AttributeUpdateReceipt(WriteReceipt Write, IReadOnlyList<PointId> NotFound);
