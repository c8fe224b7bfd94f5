using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Compare.Reports;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Runs contenders in turn, round by round, so that whatever disturbs the machine disturbs them alike.</summary>
internal sealed class Comparison(ComparisonPlan plan)
{
    public async Task<DataSetResult> RunAsync(DataSet dataSet, CancellationToken cancellationToken)
    {
        string loadBefore = Machine.Load();
        List<ContenderProcess> contenders = [];
        try
        {
            foreach (string name in plan.Contenders)
            {
                await Console.Error.WriteLineAsync($"{dataSet.Name}: {name} builds or loads");
                contenders.Add(await StartAsync(dataSet, name, cancellationToken));
            }
            List<ComparisonRow> rows = [];
            foreach (int ef in plan.Efs)
            {
                await Console.Error.WriteLineAsync($"{dataSet.Name}: ef={ef}");
                rows.AddRange(await MeasureAsync(contenders, dataSet.Name, ef, cancellationToken));
            }
            return new DataSetResult(
                dataSet, [.. contenders.Select(contender => contender.Ready)], rows, $"{loadBefore} before, {Machine.Load()} after");
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    private async Task<ContenderProcess> StartAsync(DataSet dataSet, string name, CancellationToken cancellationToken)
    {
        string index = "";
        if (plan.Indexes is not null)
        {
            Directory.CreateDirectory(plan.Indexes);
            index = Path.Combine(plan.Indexes, $"{name}-{dataSet.Name}-{dataSet.Metric}-m{plan.M}-efc{plan.EfConstruction}");
        }
        ContenderOptions options = DataSetFiles.Find(dataSet.Folder, dataSet.Metric, plan.M, plan.EfConstruction, plan.K, index);
        return await ContenderProcess.StartAsync(plan.Core, ContenderCommands.Of(name), options, cancellationToken);
    }

    private async Task<IEnumerable<ComparisonRow>> MeasureAsync(
        List<ContenderProcess> contenders, string dataSet, int ef, CancellationToken cancellationToken)
    {
        List<List<ContenderRound>> rounds = [.. contenders.Select(_ => new List<ContenderRound>())];
        for (int round = 0; round < plan.WarmUp + plan.Rounds; round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                ContenderRound result = await contenders[i].RunAsync(ef, cancellationToken);
                if (round >= plan.WarmUp)
                    rounds[i].Add(result);
            }
        }
        return contenders.Select((contender, i) => ComparisonRow.From(dataSet, contender.Ready, rounds[i]));
    }
}
