using System.Text;
using AnnServer.Core.Graph;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>Every row of a graph, its entry point and which slots are live, in words: equal graphs have equal texts.</summary>
internal static class GraphText
{
    public static string Of(VectorIndex index)
    {
        var text = new StringBuilder();
        text.Append(index.TryGetEntry(out uint entry) ? $"entry {entry}\n" : "empty\n");
        for (uint ordinal = 0; ordinal < index.SlotCount; ordinal++)
        {
            text.Append(ordinal).Append(index.IsLive(ordinal) ? " live" : " -");
            for (int layer = index.TopLayer(ordinal); layer >= 0; layer--)
            {
                text.Append(" | ").AppendJoin(' ', index.Links(new RowKey(ordinal, layer)).ToArray());
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
