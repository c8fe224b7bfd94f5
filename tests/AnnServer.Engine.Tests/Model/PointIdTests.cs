using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Model;

public sealed class PointIdTests
{
    [Fact]
    public void GetHashCode_NumbersPutTogetherOfTwoSmallOnes_AreSpread()
    {
        var hashes = new HashSet<int>();
        for (ulong high = 0; high < 256; high++)
        {
            for (ulong low = 0; low < 256; low++)
            {
                hashes.Add(PointId.FromNumber((high << 32) | low).GetHashCode());
            }
        }

        // By chance two of them meet now and then.
        Assert.InRange(hashes.Count, 65_500, 65_536);
    }
}
