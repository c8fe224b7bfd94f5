using AnnServer.FunctionalTests.Infrastructure;

namespace AnnServer.FunctionalTests.Security;

/// <summary>A server that asks for keys, and that has logged no error in the end.</summary>
/// <param name="entries">Of the keys file.</param>
public abstract class KeyedServerTests(params string[] entries) : IAsyncLifetime
{
    private protected TestKeys Keys { get; } = new(entries);

    private protected ServerFixture Server { get; } = new();

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Server.Log.TakeErrors());
        await Server.DisposeAsync();
        Keys.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task StartServerAsync(params string[] settings)
    {
        Server.Settings = [.. Keys.Settings, .. settings];
        await Server.StartAsync();
    }
}
