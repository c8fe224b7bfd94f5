namespace AnnServer.Engine.Attributes;

/// <summary>Builds indexes from stored points in one pass: names are in the same order in a record and here, so each record is read once.</summary>
internal static class IndexLoader
{
    /// <summary>Fills empty indexes. What an index does not accept it leaves out; the answer says what that was, index by index.</summary>
    /// <param name="isLive">Which ordinals count; all of them where it is null.</param>
    public static IndexMismatches[] Load(AttributeIndex[] indexes, BlobStore blobs, Func<uint, bool>? isLive)
    {
        int[] order = new int[indexes.Length];
        byte[][] names = new byte[indexes.Length][];
        for (int i = 0; i < indexes.Length; i++)
        {
            order[i] = i;
            names[i] = indexes[i].Utf8Name;
        }

        Array.Sort(names, order, Utf8Order.Bytes);
        IndexMismatches[] mismatches = new IndexMismatches[indexes.Length];
        for (uint ordinal = 0; ordinal < (uint)blobs.Length; ordinal++)
        {
            byte[]? blob = blobs.Get(ordinal);
            if (blob is not null && (isLive is null || isLive(ordinal)))
            {
                AddPoint(ordinal, blob);
            }
        }

        foreach (AttributeIndex index in indexes)
        {
            index.EndBulk();
        }

        return mismatches;

        void AddPoint(uint ordinal, byte[] blob)
        {
            BlobReader reader = new(blob);
            ulong count = AttributeCodec.ReadHeader(ref reader);
            int next = 0;
            for (ulong i = 0; i < count && next < names.Length; i++)
            {
                ReadOnlySpan<byte> name = reader.ReadPrefixed();
                int comparison = -1;
                while (next < names.Length && (comparison = names[next].AsSpan().SequenceCompareTo(name)) < 0)
                {
                    next++;
                }

                if (comparison != 0)
                {
                    AttributeView.Skip(ref reader);
                    continue;
                }

                AttributeView value = AttributeView.Read(ref reader);
                AttributeIndex index = indexes[order[next]];
                if (index.Accepts(value))
                {
                    index.AddInBulk(ordinal, value);
                }
                else
                {
                    mismatches[order[next]] = mismatches[order[next]].With(ordinal, value.Kind);
                }
            }
        }
    }
}
