using AnnServer.Security;
using AnnServer.Security.Tokens;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Tokens are not verified again for a while, which must not outlast them or their keys.</summary>
public sealed class VerifiedTokensTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly object _keys = new();
    private readonly SetTime _time = new();

    [Fact]
    public void Find_WhatWasAdded_ForTheLifetimeOnly()
    {
        VerifiedTokens tokens = new(_time);
        Caller caller = new("a", "x", []);
        tokens.Add("t", _keys, caller);

        Assert.Same(caller, tokens.Find("t", _keys));
        Assert.Null(tokens.Find("T", _keys));
        _time.Now = Start + VerifiedTokens.Lifetime;
        Assert.Same(caller, tokens.Find("t", _keys));
        _time.Now += TimeSpan.FromTicks(1);
        Assert.Null(tokens.Find("t", _keys));
    }

    [Fact]
    public void Find_AfterTheEndOfTheTokenOrWithOtherKeys_IsNothing()
    {
        VerifiedTokens tokens = new(_time);
        tokens.Add("t", _keys, new Caller("a", "x", []) { NotAfter = Start.AddSeconds(1) });

        Assert.Null(tokens.Find("t", new object()));
        Assert.NotNull(tokens.Find("t", _keys));
        _time.Now = Start.AddSeconds(1).AddTicks(1);
        Assert.Null(tokens.Find("t", _keys));
    }

    [Fact]
    public void Add_BeyondTheCapacity_ForgetsTheOthers()
    {
        VerifiedTokens tokens = new(_time);
        for (int i = 0; i <= VerifiedTokens.Capacity; i++)
        {
            tokens.Add($"t{i}", _keys, new Caller("a", "x", []));
        }

        Assert.Null(tokens.Find("t0", _keys));
        Assert.NotNull(tokens.Find($"t{VerifiedTokens.Capacity}", _keys));
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Start;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
