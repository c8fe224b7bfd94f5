using AnnServer.Core.Memory;

namespace AnnServer.Core.Tests.Memory;

public sealed class MemoryBudgetTests
{
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
    public void WhatIsLeaving_IsUsedButNoReasonToMakeRoom()
    {
        var budget = new MemoryBudget(100);
        budget.Take(100);
        budget.Leave(80);

        Assert.True(budget is { IsFull: true, IsHalfUsed: false, Used: 100 });
        budget.Give(80, left: 80);
        budget.Take(40);

        Assert.True(budget is { IsFull: false, IsHalfUsed: true, Used: 60 });
    }

    [Fact]
    public void Give_FromFull_EndsTheWaitOnce()
    {
        var budget = new MemoryBudget(100);
        int ended = 0;
        budget.WaitEnded = () => ended++;
        budget.Take(150);

        budget.Give(50);
        Assert.Equal(0, ended);
        budget.Give(1);
        budget.Give(1);

        Assert.Equal(1, ended);
    }

    [Fact]
    public void GiveUp_EndsTheWait_AndHoldsUntilSomeIsGiven()
    {
        var budget = new MemoryBudget(100);
        int ended = 0;
        budget.WaitEnded = () => ended++;
        budget.Take(150);

        budget.GiveUp();
        Assert.True(budget.IsStuck);
        Assert.Equal(1, ended);
        budget.Give(10);

        Assert.True(budget is { IsStuck: false, IsFull: true });
    }
}
