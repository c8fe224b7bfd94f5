using AnnServer.Core.Memory;

namespace AnnServer.Core.Tests.Memory;

public sealed class MemoryBudgetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Take_PastHalf_TellsOnceEachTime()
    {
        var budget = new MemoryBudget(100);
        int told = 0;
        budget.HalfUsed = () => told++;

        budget.Take(50);
        Assert.Equal(0, told);
        Assert.False(budget.IsHalfUsed);
        budget.Take(1);
        budget.Take(60);
        Assert.Equal(1, told);
        Assert.True(budget is { IsHalfUsed: true, IsFull: true, Used: 111 });
        budget.Give(70);
        budget.Take(10);
        Assert.Equal(2, told);
    }

    [Fact]
    public async Task WaitForRoom_UntilSomeIsGiven_Returns()
    {
        var budget = new MemoryBudget(100);
        budget.WaitForRoom(Patience);
        budget.Take(100);
        Task waiting = Task.Run(() => budget.WaitForRoom(Patience), TestContext.Current.CancellationToken);
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        budget.Give(1);

        await waiting;

        Assert.False(budget.IsStuck);
    }

    [Fact]
    public void WaitForRoom_InVain_IsStuckUntilSomeIsGiven()
    {
        var budget = new MemoryBudget(100);
        budget.Take(150);

        budget.WaitForRoom(TimeSpan.FromMilliseconds(5));
        Assert.True(budget.IsStuck);
        // Whoever comes next does not wait as long again.
        budget.WaitForRoom(TimeSpan.MaxValue.Divide(2));
        budget.Give(10);

        Assert.True(budget is { IsStuck: false, IsFull: true });
    }
}
