using Model = AnnServer.Engine.Model;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>The mappers cast between these enums, so their names and numbers have to agree.</summary>
public sealed class WireEnumTests
{
    [Fact]
    public void Metric_OfTheEngine_HasTheNumbersOfTheWire() => AssertSame<Model.Metric, Wire.Metric>();

    [Fact]
    public void AttributeType_OfTheEngine_HasTheNumbersOfTheWire() => AssertSame<Model.AttributeType, Wire.AttributeType>();

    [Fact]
    public void CollectionState_OfTheEngine_HasTheNumbersOfTheWire() => AssertSame<Model.CollectionState, Wire.CollectionState>();

    private static void AssertSame<TEngine, TWire>()
        where TEngine : struct, Enum
        where TWire : struct, Enum
    {
        var engine = Enum.GetValues<TEngine>().Select(value => (value.ToString(), Convert.ToInt32(value)));
        var wire = Enum.GetValues<TWire>().Select(value => (value.ToString(), Convert.ToInt32(value))).Where(pair => pair.Item2 != 0);
        Assert.Equal(wire, engine);
    }
}
