namespace AnnServer.Engine.Model;

/// <summary>An attribute that is indexed.</summary>
public sealed record AttributeSchema(string Name, AttributeType Type);
