using System.Diagnostics;

namespace AnnServer.LoadGen.Overload;

/// <summary>Finds the peak, offers half of it, then many times the peak, then half of it again. The collection is there.</summary>
/// <param name="residentBytes">Of the server; 0 where it is not known.</param>
internal sealed class OverloadRun(Uri address, OverloadSettings settings, OverloadContent content, Func<long> residentBytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The first calls pay for compilation.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <param name="onSample">Called with each sample and the phase it is of, so that a long run can be watched.</param>
    public async Task<OverloadOutcome> RunAsync(Action<string, OverloadSample> onSample, CancellationToken cancellationToken)
    {
        RequestImage[] requests = content.NewRequests();
        await using CallSource source = await CallSource.OpenAsync(
            address, requests, settings.Deadline, settings.Connections, cancellationToken);
        int unanswered = settings.Connections * settings.Unanswered;
        await PhaseAsync("warm-up", WarmUp, 0, end => source.RunClosedAsync(unanswered, end));
        await source.SettleAsync(cancellationToken);
        List<OverloadSample> peaks = await PhaseAsync("peak", settings.Peak, 0, end => source.RunClosedAsync(unanswered, end));
        await source.SettleAsync(cancellationToken);
        double peak = peaks.Average(sample => sample.Accepted);

        List<OverloadSample> before = await OpenAsync("half, before", settings.Calm, peak / 2);
        List<OverloadSample> beside = [];
        if (settings.Idle + settings.Stalled > 0)
        {
            await using Bystanders bystanders = await Bystanders.OpenAsync(address, settings, content.NewStalledRequests(), cancellationToken);
            beside = await OpenAsync("half, beside bystanders", settings.Calm, peak / 2);
        }
        List<OverloadSample> during = await OpenAsync("overload", settings.Duration, peak * settings.Times);
        List<OverloadSample> after = await OpenAsync("half, after", settings.Calm, peak / 2);
        return new OverloadOutcome(peak, before, beside, during, after, source.Broken);

        Task<List<OverloadSample>> OpenAsync(string name, TimeSpan duration, double rate) =>
            PhaseAsync(name, duration, rate, end => source.RunOpenAsync(rate, end));

        async Task<List<OverloadSample>> PhaseAsync(string name, TimeSpan duration, double wanted, Func<CancellationToken, Task> loop)
        {
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            source.Take();
            Task running = Task.Run(() => loop(end.Token), CancellationToken.None);
            List<OverloadSample> samples = [];
            Stopwatch watch = Stopwatch.StartNew();
            double last = 0;
            while (watch.Elapsed < duration)
            {
                await Task.Delay(Interval, cancellationToken);
                OverloadInterval interval = source.Take();
                double now = watch.Elapsed.TotalSeconds;
                samples.Add(OverloadSample.Of(interval, now, now - last, wanted, residentBytes()));
                last = now;
                onSample(name, samples[^1]);
            }
            await end.CancelAsync();
            await running;
            return samples;
        }
    }
}
