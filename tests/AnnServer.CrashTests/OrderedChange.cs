using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.CrashTests;

/// <summary>One change that is one record of the log.</summary>
/// <param name="State">What the point is after it; null deletes it.</param>
/// <param name="OnlyAttributes">Whether the change leaves the vector alone.</param>
internal sealed record OrderedChange(ulong Id, PointState? State, bool OnlyAttributes)
{
    /// <summary>
    /// Makes the change in this process. Of one point and from one writer: such a call has made its change when it returns a task,
    /// and only the wait for the disk is asynchronous.
    /// </summary>
    public async Task ApplyAsync(Collection collection, CancellationToken cancellation)
    {
        PointId id = PointId.FromNumber(Id);
        if (State is null)
        {
            Assert.Null((await collection.DeleteAsync([id], new Faults(), cancellation)).Error);
        }
        else if (OnlyAttributes)
        {
            var update = new AttributeUpdate(id, State.StoredAttributes(), [], true);
            Assert.Null((await collection.UpdateAttributesAsync([update], new Faults(), cancellation)).Error);
        }
        else
        {
            var point = new Point(id, State.Floats(), State.StoredAttributes());
            Assert.Null((await collection.UpsertAsync([point], new Faults(), cancellation)).Error);
        }
    }

    /// <summary>Makes the change in a model.</summary>
    public void ApplyTo(Dictionary<ulong, PointState> points)
    {
        if (State is null)
        {
            points.Remove(Id);
        }
        else
        {
            points[Id] = State;
        }
    }
}
