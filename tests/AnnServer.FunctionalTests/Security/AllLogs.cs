using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Keeps everything that is logged: its text, and what it was made of.</summary>
internal sealed class AllLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<LoggedEvent> _events = new();

    public IReadOnlyCollection<LoggedEvent> Events => _events;

    public IEnumerable<LoggedEvent> Of(string category) => _events.Where(logged => logged.Category == category);

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, _events);

    public void Dispose()
    {
    }

    internal sealed record LoggedEvent(string Category, string? Name, LogLevel Level, string Text, IReadOnlyDictionary<string, string> Values);

    private sealed class Recorder(string category, ConcurrentQueue<LoggedEvent> events) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Dictionary<string, string> values = [];
            foreach ((string key, object? value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                values[key] = value?.ToString() ?? "";
            }

            events.Enqueue(new LoggedEvent(category, eventId.Name, logLevel, $"{formatter(state, exception)} {exception}", values));
        }
    }
}
