using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace AnnServer.Testing.Fuzzing;

/// <summary>
/// One part of the fuzzing: inputs that are made of a seed and an index, what has come of them, and what memory the process has that was
/// given them. <c>tests/fuzz</c> says how many there are, and from which index on, so that a single one can be made again.
/// </summary>
/// <param name="part">The name of the part.</param>
/// <param name="inputs">How many there are.</param>
/// <param name="residentBytes">The memory of the process under test.</param>
public sealed class FuzzRun(string part, int inputs, Func<long> residentBytes)
{
    // What heaps, pools and compiled code may still grow by after a tenth of the inputs, however many follow.
    private const long SlackBytes = 96L << 20;

    private readonly SortedDictionary<string, long> _outcomes = new(StringComparer.Ordinal);
    private readonly Lock _counting = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _done;
    private long _bytesAfterTenth;

    public static int From { get; } = LaboratoryVariables.Number("ANN_FUZZ_FROM", 0);

    /// <summary>The memory of this process.</summary>
    public static Func<long> Own => static () => Environment.WorkingSet;

    /// <summary>A source of its own for an input.</summary>
    public static Random RandomOf(int index) => new(HashOf(LaboratoryVariables.Seed, index));

    public IEnumerable<int> Indices => Enumerable.Range(From, inputs);

    /// <summary>Inputs that had an outcome.</summary>
    public long Count(string outcome) => _outcomes.GetValueOrDefault(outcome);

    /// <summary>Notes what has come of an input. From any thread.</summary>
    public void Add(string outcome)
    {
        lock (_counting)
        {
            _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
            if (++_done == Math.Max(1, inputs / 10))
            {
                _bytesAfterTenth = residentBytes();
            }
        }
    }

    /// <summary>How an input is made again.</summary>
    public string Describe(int index) => $"{part}, seed {LaboratoryVariables.Seed}, input {index}";

    /// <summary>Tests one input after another; a fault says which it was.</summary>
    /// <param name="test">Returns what has come of it.</param>
    public void ForEach(Func<int, string> test)
    {
        ArgumentNullException.ThrowIfNull(test);
        foreach (int index in Indices)
        {
            try
            {
                Add(test(index));
            }
            catch (Exception e)
            {
                throw new FuzzException($"{Describe(index)}: {e.Message}", e);
            }
        }
    }

    /// <summary>Tests several inputs at once; a fault says which it was, and ends them all.</summary>
    /// <param name="parallel">How many at once.</param>
    /// <param name="test">Returns what has come of it.</param>
    public Task ForEachAsync(int parallel, Func<int, CancellationToken, Task<string>> test, CancellationToken cancellation)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation };
        return Parallel.ForEachAsync(Indices, options, async (index, stop) =>
        {
            try
            {
                Add(await test(index, stop));
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                throw new FuzzException($"{Describe(index)}: {e.Message}", e);
            }
        });
    }

    /// <summary>Ends the part: memory has not grown beyond what a warm process has, and the report has its rows.</summary>
    public async Task<string> EndAsync(CancellationToken cancellation)
    {
        TimeSpan time = _watch.Elapsed;
        long bytes = residentBytes();
        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {part} | {_done} | {_outcomes.GetValueOrDefault("accepted")} | {_done - _outcomes.GetValueOrDefault("accepted")} | {time.TotalSeconds:F0} s | {_done / time.TotalSeconds:F0} | {_bytesAfterTenth >> 20} MiB | {bytes >> 20} MiB |\n");
        StringBuilder outcomes = new();
        foreach ((string outcome, long count) in _outcomes)
        {
            outcomes.Append(CultureInfo.InvariantCulture, $"| {part} | {outcome} | {count} |\n");
        }

        await LaboratoryVariables.ReportAsync(part, row, cancellation);
        await LaboratoryVariables.ReportAsync(part + ".outcomes", outcomes.ToString(), cancellation);
        if (bytes > _bytesAfterTenth + SlackBytes)
        {
            throw new FuzzException($"{part}: {bytes} bytes are resident at the end, after {_bytesAfterTenth} at a tenth of the inputs.", null);
        }

        return row + outcomes;
    }

    // Neighbouring seeds of Random give sequences that begin alike.
    private static int HashOf(int seed, int index)
    {
        ulong mixed = (((ulong)(uint)seed << 32) | (uint)index) * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        return (int)(mixed >> 32);
    }
}
