using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>Random changes to the points of one collection, each with the default durability.</summary>
internal sealed class Writes(Random random)
{
    private const int Most = 40;
    private const int MostOfSparse = 120;

    public Step Draw(OperationKind kind, Subject subject)
    {
        int before = subject.Model.Points.Count;
        int points = kind switch
        {
            OperationKind.UpsertOne => 1,
            OperationKind.UpsertMany => 2 + random.Next(subject.IsSparse ? MostOfSparse : Most),
            OperationKind.UpsertRefused => 1 + random.Next(Most),
            // Mostly one.
            _ => random.Next(4) == 0 ? 2 + random.Next(Most / 2) : 1,
        };
        Func<Collection, Task> change;
        switch (kind)
        {
            case OperationKind.UpsertMany when random.Next(6) == 0:
                points = 3;
                change = subject.Workload.UpsertDuplicate();
                break;
            case OperationKind.UpsertOne or OperationKind.UpsertMany:
                change = subject.Workload.Upsert(points);
                break;
            case OperationKind.UpsertRefused:
                change = subject.Workload.UpsertRefused(points);
                break;
            case OperationKind.DeleteIds:
                change = subject.Workload.DeleteIds(points);
                points = before - subject.Model.Points.Count;
                break;
            case OperationKind.DeleteMatching:
                change = subject.Workload.DeleteMatching();
                points = before - subject.Model.Points.Count;
                break;
            case OperationKind.UpdateAttributes:
                change = subject.Workload.UpdateAttributes(points);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a change of points.");
        }

        return new Step(kind, $"{kind} of {points} in {subject.Name}", async test =>
        {
            await change(test.Collection(subject.Name));
            return kind == OperationKind.UpsertRefused ? 0 : points;
        });
    }
}
