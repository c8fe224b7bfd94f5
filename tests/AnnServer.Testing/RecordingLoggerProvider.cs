using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AnnServer.Testing;

/// <summary>Keeps what was logged at Error and above, so that a test fails on an error it did not expect.</summary>
public sealed class RecordingLoggerProvider : ILoggerProvider, ILoggerFactory
{
    private readonly ConcurrentQueue<string> _errors = new();

    /// <summary>What was logged since the last call.</summary>
    public IReadOnlyList<string> TakeErrors()
    {
        List<string> taken = [];
        while (_errors.TryDequeue(out string? error))
        {
            taken.Add(error);
        }

        return taken;
    }

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, _errors);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("It is the only provider.");

    public void Dispose()
    {
    }

    private sealed class Recorder(string category, ConcurrentQueue<string> errors) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            ArgumentNullException.ThrowIfNull(formatter);
            if (IsEnabled(logLevel))
            {
                errors.Enqueue($"{category} {eventId.Name}: {formatter(state, exception)} {exception}");
            }
        }
    }
}
