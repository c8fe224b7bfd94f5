using AnnServer.Core.Graph;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Engine.Tests.Recovery;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>Compares a whole database with its models.</summary>
internal static class Comparison
{
    /// <summary>Requires every collection and every point to be what the models say, and the graphs to be sound; the points compared.</summary>
    public static int AssertAll(TestDatabase test, IReadOnlyList<Subject> subjects, Tally tally)
    {
        Subject[] existing = [.. subjects.Where(subject => subject.Exists)];
        Assert.Null(test.Database.Fault);
        Assert.Equal(
            existing.Select(subject => subject.Name).Order(StringComparer.Ordinal),
            test.Database.ListCollections().Select(collection => collection.Config.Name));
        foreach (Subject subject in existing)
        {
            Collection collection = test.Collection(subject.Name);
            AssertConfig(subject.Model.Config, collection.Config);
            subject.Model.AssertAll(collection);
            lock (collection.Data.CommitLock)
            {
                Assert.Empty(GraphAudit.FindFaults(collection.Data.Index));
                tally.Compared(subject, GraphAudit.FindUnreachable(collection.Data.Index).Count, collection.PointCount);
            }
        }

        return existing.Sum(subject => subject.Model.Points.Count);
    }

    /// <summary>
    /// All graphs in words, and the sequence that they are the state of, which no crash takes back; null while a sweep changes them.
    /// </summary>
    public static (ulong? Sequence, string[] Graphs) Graphs(TestDatabase test)
    {
        DatabaseStats before = test.Database.GetStats();
        string[] graphs = [.. test.Database.ListCollections().Select(collection => GraphText.OfUsed(collection.Data))];
        return (before.DurableSequence == test.Database.GetStats().Sequence ? before.DurableSequence : null, graphs);
    }

    private static void AssertConfig(CollectionConfig expected, CollectionConfig actual)
    {
        Assert.Equal(expected.Attributes, actual.Attributes);
        Assert.Equal(expected with { Attributes = actual.Attributes }, actual);
    }
}
