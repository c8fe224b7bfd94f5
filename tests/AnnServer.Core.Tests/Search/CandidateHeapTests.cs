using AnnServer.Core.Search;
using CsCheck;

namespace AnnServer.Core.Tests.Search;

public sealed class CandidateHeapTests
{
    private static readonly Gen<float> GenDistance = Gen.Frequency(
        (4, Gen.Int[-3, 3].Select(value => (float)value)),
        (8, Gen.Float[-1e6f, 1e6f]),
        (1, Gen.OneOf(Gen.Const(float.PositiveInfinity), Gen.Const(float.NegativeInfinity), Gen.Const(float.MaxValue), Gen.Const(float.MinValue), Gen.Const(float.Epsilon), Gen.Const(-float.Epsilon))));

    /// <summary>A distance to push, or null to pop.</summary>
    private static readonly Gen<float?[]> GenSteps =
        Gen.Frequency((3, GenDistance.Select(distance => (float?)distance)), (2, Gen.Const((float?)null))).Array[0, 600];

    [Fact]
    public void PushAndPop_AnySteps_AgreeWithAPriorityQueue() => GenSteps.Sample(steps =>
    {
        var heap = new CandidateHeap();
        var model = new PriorityQueue<Candidate, (float, uint)>();
        uint ordinal = 0;
        foreach (float? step in steps)
        {
            if (step is { } distance)
            {
                // Falling and rising ordinals, so that equal distances meet in both orders.
                uint node = (ordinal & 1) == 0 ? ordinal : uint.MaxValue - ordinal;
                ordinal++;
                heap.Push(distance, node);
                model.Enqueue(new Candidate(distance, node), (distance, node));
            }
            else if (model.TryDequeue(out Candidate expected, out _))
            {
                Assert.Equal(expected, heap.Pop());
            }

            Assert.Equal(model.Count, heap.Count);
        }

        while (model.TryDequeue(out Candidate expected, out _))
        {
            Assert.Equal(expected, heap.Pop());
        }

        Assert.Equal(0, heap.Count);
    });

    [Fact]
    public void Push_BeyondTheFirstSize_KeepsAll()
    {
        var heap = new CandidateHeap();
        var random = new Random(5);
        float[] distances = new float[5000];
        for (int i = 0; i < distances.Length; i++)
        {
            distances[i] = (float)((random.NextDouble() * 2) - 1);
            heap.Push(distances[i], (uint)i);
        }

        Array.Sort(distances);
        foreach (float distance in distances)
        {
            Assert.Equal(distance, heap.Pop().Distance);
        }
    }

    [Fact]
    public void Pop_NotANumberAmongOthers_ComesLast()
    {
        var heap = new CandidateHeap();
        heap.Push(BitConverter.Int32BitsToSingle(0x7FC0_0000), 1);
        heap.Push(float.PositiveInfinity, 2);
        heap.Push(-1, 3);
        Assert.Equal(3u, heap.Pop().Ordinal);
        Assert.Equal(2u, heap.Pop().Ordinal);
        Assert.Equal(1u, heap.Pop().Ordinal);
    }

    [Fact]
    public void Clear_WithContents_ForgetsThem()
    {
        var heap = new CandidateHeap();
        heap.Push(-5, 1);
        heap.Clear();
        heap.Push(3, 2);
        Assert.Equal(1, heap.Count);
        Assert.Equal(new Candidate(3, 2), heap.Pop());
    }
}
