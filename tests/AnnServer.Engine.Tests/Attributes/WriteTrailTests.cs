using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class WriteTrailTests
{
    [Fact]
    public void TryRead_WithinItsLength_GivesWhatWasWrittenSince()
    {
        WriteTrail trail = new();
        for (uint i = 0; i < 5000; i++)
        {
            trail.Add(i);
        }

        List<uint> written = [];

        Assert.True(trail.TryRead(trail.Version - 1000, written));
        Assert.Equal(Enumerable.Range(4000, 1000).Select(i => (uint)i), written);
    }

    [Fact]
    public void TryRead_BeyondItsLength_SaysSo()
    {
        WriteTrail trail = new();
        for (uint i = 0; i < 5000; i++)
        {
            trail.Add(i);
        }

        Assert.False(trail.TryRead(trail.Version - 1024, []));
        Assert.True(trail.TryRead(trail.Version - 1023, []));
    }
}
