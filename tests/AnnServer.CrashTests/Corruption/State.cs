using AnnServer.Engine;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.CrashTests.Corruption;

/// <summary>Everything that a database serves.</summary>
internal sealed record State(IReadOnlyDictionary<string, Content> Collections)
{
    public static State Of(Database database) => new(
        database.ListCollections().ToDictionary(static collection => collection.Config.Name, Content.Of));

    /// <summary>What is not as it must be; null where all of it is.</summary>
    /// <param name="leftOut">Collections that are said to be damaged, and so must not be served.</param>
    public string? Difference(State actual, IReadOnlySet<string> leftOut)
    {
        foreach (string name in Collections.Keys.Union(actual.Collections.Keys))
        {
            bool isServed = actual.Collections.TryGetValue(name, out Content? found);
            if (isServed != (Collections.ContainsKey(name) && !leftOut.Contains(name)))
            {
                return $"collection {name} is {(isServed ? "served" : "not served")}";
            }

            if (isServed && Collections[name].Difference(found!) is { } difference)
            {
                return $"collection {name}: {difference}";
            }
        }

        return null;
    }

    /// <summary>Of these collections those that a database says are damaged.</summary>
    public HashSet<string> Damaged(Database database) =>
        [.. Collections.Keys.Where(name => database.GetCollection(name).Error?.Status == EngineStatus.DataLoss)];
}
