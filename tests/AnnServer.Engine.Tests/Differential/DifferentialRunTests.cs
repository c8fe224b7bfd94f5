using System.Text.RegularExpressions;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using Xunit.Sdk;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>The run judges the engine, so it is shown what it has to find out.</summary>
public sealed class DifferentialRunTests
{
    private const int Seed = 5;
    private const int Before = 300;
    private const int After = 50;

    private static readonly string[] Places = ["vector", "attribute", "missing", "surplus", "schema", "collection"];

    [Fact]
    public async Task GoOn_ModelThatIsWrongInOnePlace_IsFoundOutByARestart()
    {
        await using var run = new DifferentialRun(Seed, new Tally());
        await run.GoOnAsync(Before);
        Subject subject = Large(run);
        ModelCollection truth = subject.Model.Clone();
        foreach (string place in Places)
        {
            SpoilModel(subject, place);

            XunitException found = await Assert.ThrowsAsync<XunitException>(() => run.GoOnAsync(0));

            Assert.Matches($@"^Operation \d+ of seed {Seed}, {OperationKind.Reopen}: ", found.Message);
            subject.Become(truth.Clone());
        }

        await run.GoOnAsync(After);
    }

    [Fact]
    public async Task GoOn_ModelOfAnotherMetric_IsFoundOutByASearch()
    {
        await using var run = new DifferentialRun(Seed, new Tally());
        await run.GoOnAsync(Before);
        ModelCollection model = Large(run).Model;
        model.Config = model.Config with { Metric = model.Config.Metric == Metric.L2 ? Metric.Dot : Metric.L2 };

        XunitException found = await Assert.ThrowsAsync<XunitException>(() => run.GoOnAsync(After));

        Match message = Regex.Match(found.Message, $@"^Operation (\d+) of seed {Seed}, \w*Search\w* .* in {model.Config.Name}: score");
        Assert.InRange(int.Parse(message.Groups[1].Value), Before + 2, Before + After + 1);
        Assert.EndsWith($"ANN_LAB_SEED={Seed} ANN_LAB_OPERATIONS={message.Groups[1]}.", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GoOn_SameSeed_MakesTheSameOperations()
    {
        await using var one = new DifferentialRun(Seed, new Tally());
        await using var other = new DifferentialRun(Seed, new Tally());
        await one.GoOnAsync(Before);
        await other.GoOnAsync(Before);

        foreach ((Subject left, Subject right) in one.Subjects.Zip(other.Subjects))
        {
            Assert.Equal(left.Exists, right.Exists);
            if (left.Exists)
            {
                Assert.Equal(left.Model.Points.Keys, right.Model.Points.Keys);
                Assert.All(left.Model.Points, point => Assert.Equal(point.Value.Vector, right.Model.Points[point.Key].Vector));
            }
        }
    }

    private static Subject Large(DifferentialRun run) => run.Subjects.First(subject => subject.Exists && subject.Model.Points.Count > 100);

    private static void SpoilModel(Subject subject, string place)
    {
        ModelCollection model = subject.Model;
        (var id, ModelPoint point) = model.Points.First();
        switch (place)
        {
            case "vector":
                float[] vector = [.. point.Vector];
                vector[^1] = MathF.BitIncrement(vector[^1]);
                model.Points[id] = point with { Vector = vector };
                break;
            case "attribute":
                model.Points[id] = point with { Attributes = new(point.Attributes) { ["surplus"] = AttributeValue.Of(1L) } };
                break;
            case "missing":
                model.Points.Remove(id);
                break;
            case "surplus":
                model.Points.Add(RandomPoints.Id(subject.Ids + 1), point);
                break;
            case "schema":
                model.Config = model.Config with { Attributes = [.. model.Config.Attributes.Skip(1)] };
                break;
            default:
                subject.Become(null);
                break;
        }
    }
}
