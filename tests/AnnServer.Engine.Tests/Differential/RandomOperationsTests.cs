using AnnServer.Testing;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>
/// Random operations of every kind, and the same answers as from a dictionary that is compared with point by point: some in a test
/// run, as many as the environment says where `tests/laboratory` sets it.
/// </summary>
public sealed class RandomOperationsTests
{
    private const int Operations = 16_000;

    // Enough for whatever piles up in a database to do so.
    private const int OperationsPerDatabase = 50_000;

    // Of databases that follow each other nothing alike.
    private const int SeedStep = 1_000_003;

    // Mean share of the true ten nearest that walks over the graph of any collection find.
    private const double LeastRecall = 0.95;

    // Mean share of the points of any collection that nothing links to until the next sweep: full rows let go of some. Under the inner
    // product, where short vectors have no links to them at all, it says nothing.
    private const double MostUnreachable = 0.01;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RandomOperations_OfAllKinds_AnswerAsTheModel()
    {
        var tally = new Tally();
        int seed = LaboratoryVariables.Seed;
        for (int left = LaboratoryVariables.Number("ANN_LAB_OPERATIONS", Operations); left > 0; left -= OperationsPerDatabase)
        {
            await LaboratoryVariables.NoteAsync("differential", $"seed {seed} after {tally.Operations} operations", Cancellation);
            await using var run = new DifferentialRun(seed, tally);
            await run.GoOnAsync(Math.Min(left, OperationsPerDatabase));
            tally.Databases++;
            seed = unchecked(seed + SeedStep);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{tally}");
        await LaboratoryVariables.ReportAsync("differential", $"{tally}", Cancellation);
        // Fewer are those before a difference, made again.
        if (tally.Operations >= Operations)
        {
            Assert.Empty(tally.MissingKinds);
            Assert.NotEqual(0, tally.SameGraphs);
            Subject[] subjects = SubjectKinds.All(new Random(1));
            Assert.Equal(subjects.Length, tally.Findings.Count);
            Assert.All(subjects, subject =>
            {
                Findings findings = tally.Findings[$"{subject}"];
                Assert.InRange(findings.Recall, LeastRecall, 1);
                Assert.InRange(findings.Unreachable, 0, subject.IsUnderDot ? 1 : MostUnreachable);
            });
        }
    }
}
