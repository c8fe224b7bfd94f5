using System.Text;
using AnnServer.Core.Graph;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>Every row of a graph, its entry point and which slots are live, in words: equal graphs have equal texts.</summary>
internal static class GraphText
{
    public static string Of(VectorIndex index)
    {
        var text = new StringBuilder();
        AppendEntry(text, index);
        for (uint ordinal = 0; ordinal < index.SlotCount; ordinal++)
        {
            AppendNode(text, index, ordinal, index.IsLive(ordinal) ? "live" : "-");
        }

        return text.ToString();
    }

    /// <summary>
    /// The same while sweeps may be under way: of the slots that hold a point or did until lately, since the rows of others go
    /// at a moment of their own.
    /// </summary>
    public static string OfUsed(CollectionData data)
    {
        var text = new StringBuilder();
        lock (data.CommitLock)
        {
            AppendEntry(text, data.Index);
            for (uint ordinal = 0; ordinal < data.Index.SlotCount; ordinal++)
            {
                if (data.StateOf(ordinal) is var state and not SlotState.Free)
                {
                    AppendNode(text, data.Index, ordinal, $"{state}");
                }
            }
        }

        return text.ToString();
    }

    private static void AppendEntry(StringBuilder text, VectorIndex index) =>
        text.Append(index.TryGetEntry(out uint entry) ? $"entry {entry}\n" : "empty\n");

    private static void AppendNode(StringBuilder text, VectorIndex index, uint ordinal, string state)
    {
        text.Append(ordinal).Append(' ').Append(state);
        for (int layer = index.TopLayer(ordinal); layer >= 0; layer--)
        {
            text.Append(" | ").AppendJoin(' ', index.Links(new RowKey(ordinal, layer)).ToArray());
        }

        text.Append('\n');
    }
}
