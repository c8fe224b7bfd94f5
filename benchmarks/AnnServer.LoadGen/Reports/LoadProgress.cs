using Spectre.Console;

namespace AnnServer.LoadGen.Reports;

/// <summary>A progress bar with rate and remaining time.</summary>
internal static class LoadProgress
{
    public static Task<T> ShowAsync<T>(int total, Func<Action<int>, Task<T>> work) => AnsiConsole.Progress()
        .Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RateColumn(), new RemainingTimeColumn(),
            new ElapsedTimeColumn())
        .StartAsync(async context =>
        {
            ProgressTask task = context.AddTask("points", maxValue: total);
            return await work(loaded => task.Increment(loaded));
        });
}
