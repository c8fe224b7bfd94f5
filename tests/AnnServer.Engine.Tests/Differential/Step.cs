using AnnServer.Engine.Collections;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>One operation, drawn and made to the model, but not yet to the database.</summary>
/// <param name="What">In words, for the case that the database answers otherwise.</param>
/// <param name="MakeAsync">Makes it, requires the answer of the model, and counts the points written, deleted or compared.</param>
internal sealed record Step(OperationKind Kind, string What, Func<TestDatabase, Task<int>> MakeAsync)
{
    /// <summary>Something that is asked of one collection.</summary>
    public static Step Read(OperationKind kind, Subject subject, string what, Func<Collection, int> ask) => new(
        kind, $"{kind} {what} in {subject.Name}", test => Task.FromResult(ask(test.Collection(subject.Name))));
}
