using AnnServer.Engine.Model;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

/// <summary>What the results of a search are to be like, off the wire. Where 0 is no value, a field that is 0 stands for the default.</summary>
internal static class ShapeMapper
{
    public static GroupBy ToModel(Wire.GroupBy groups) =>
        new(groups.Attribute, groups.GroupSize == 0 ? 1 : CollectionMapper.Clamp(groups.GroupSize));

    public static Diversity ToModel(Wire.Diversity diversity) => new(
        diversity.HasLambda ? diversity.Lambda : Diversity.DefaultLambda,
        diversity.Candidates == 0 ? null : CollectionMapper.Clamp(diversity.Candidates));
}
