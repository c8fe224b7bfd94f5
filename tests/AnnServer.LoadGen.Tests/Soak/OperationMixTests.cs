using AnnServer.LoadGen.Soak;

namespace AnnServer.LoadGen.Tests.Soak;

public sealed class OperationMixTests
{
    [Fact]
    public void Draw_ManyTimes_FollowsTheWeights()
    {
        OperationMix mix = OperationMix.Parse("search=6, upsert=3,Delete=1");
        Random random = new(1);

        int[] drawn = new int[6];
        for (int i = 0; i < 10_000; i++)
            drawn[(int)mix.Draw(random)]++;

        Assert.InRange(drawn[(int)OperationKind.Search], 5800, 6200);
        Assert.InRange(drawn[(int)OperationKind.Upsert], 2800, 3200);
        Assert.InRange(drawn[(int)OperationKind.Delete], 850, 1150);
        Assert.Equal(10_000, drawn[(int)OperationKind.Search] + drawn[(int)OperationKind.Upsert] + drawn[(int)OperationKind.Delete]);
        Assert.Equal(0.75, mix.LivePart);
    }

    [Theory]
    [InlineData("")]
    [InlineData("search")]
    [InlineData("search=0")]
    [InlineData("search=-1")]
    [InlineData("search=NaN")]
    [InlineData("walk=1")]
    [InlineData("search=1,delete=1")]
    public void Parse_NotAMix_IsRefused(string text)
    {
        Assert.Throws<FormatException>(() => OperationMix.Parse(text));
    }

    [Fact]
    public void Parse_Default_IsAccepted()
    {
        Assert.Equal(0.75, OperationMix.Parse(OperationMix.Default).LivePart);
    }
}
