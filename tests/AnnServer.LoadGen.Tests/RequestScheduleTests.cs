using System.Diagnostics;
using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Tests;

public sealed class RequestScheduleTests
{
    [Fact]
    public void TryTake_OpenLoop_IsDueByTheRateWhateverTheTime()
    {
        RequestSchedule schedule = new(start: 1000, limit: 3, duration: null, rate: 100);
        long stalled = 1000 + (50 * Stopwatch.Frequency);

        List<long> due = [];
        while (schedule.TryTake(stalled, out _, out long at))
            due.Add(at);

        Assert.Equal([1000, 1000 + (Stopwatch.Frequency / 100), 1000 + (Stopwatch.Frequency / 50)], due);
    }

    [Fact]
    public void TryTake_ClosedLoop_IsDueNow()
    {
        RequestSchedule schedule = new(start: 0, limit: 2, duration: null, rate: null);

        Assert.True(schedule.TryTake(17, out long first, out long due));
        Assert.Equal((0, 17), (first, due));
        Assert.True(schedule.TryTake(18, out _, out _));
        Assert.False(schedule.TryTake(19, out _, out _));
    }

    [Fact]
    public void TryTake_ClosedLoopWithDuration_EndsByTheClock()
    {
        RequestSchedule schedule = new(start: 0, limit: null, TimeSpan.FromSeconds(1), rate: null);

        Assert.True(schedule.TryTake(Stopwatch.Frequency - 1, out _, out _));
        Assert.False(schedule.TryTake(Stopwatch.Frequency, out _, out _));
    }

    [Fact]
    public void TryTake_OpenLoopWithDuration_HandsOutRateTimesDuration()
    {
        RequestSchedule schedule = new(start: 0, limit: null, TimeSpan.FromSeconds(2), rate: 250);

        int taken = 0;
        while (schedule.TryTake(0, out _, out _))
            taken++;

        Assert.Equal(500, taken);
    }

    [Fact]
    public void Constructor_WithoutAnEnd_Throws()
    {
        Assert.Throws<ArgumentException>(() => new RequestSchedule(0, limit: null, duration: null, rate: 1));
    }
}
