using System.Text;
using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class VocabularyTests
{
    private const int Ordinals = 300;

    // Long enough beginnings in common, and characters of one to four bytes across the eighth byte.
    private static readonly string[] Parts = ["", "a", "b", "aaaa", "aaaaaa", "\0", "\u007f", "é", "\u07ff", "€", "\uffff", "\U0001F600", "\U0010FFFF"];

    [Theory]
    [InlineData(91, false)]
    [InlineData(92, true)]
    public void RandomStrings_AddedAndRemoved_AreFoundByThemselvesBeginningsAndRanges(int seed, bool inBulk)
    {
        Random random = new(seed);
        Vocabulary vocabulary = new();
        Dictionary<string, HashSet<uint>> model = [];
        if (inBulk)
        {
            for (int i = 0; i < 500; i++)
            {
                (string text, uint ordinal) = Next();
                vocabulary.AddInBulk(ordinal, text);
                Of(text).Add(ordinal);
            }

            vocabulary.EndBulk();
        }

        for (int round = 0; round < 3000; round++)
        {
            (string text, uint ordinal) = Next();
            if (random.Next(2) == 0)
            {
                vocabulary.Add(ordinal, text);
                Of(text).Add(ordinal);
            }
            else
            {
                string known = model.Count > 0 && random.Next(4) > 0 ? model.Keys.ElementAt(random.Next(model.Count)) : text;
                uint there = model.TryGetValue(known, out HashSet<uint>? ordinals) && ordinals.Count > 0 ? ordinals.First() : ordinal;
                vocabulary.Remove(there, known);
                Of(known).Remove(there);
            }

            Check(text, $"seed {seed}, round {round}");
        }

        Assert.True(vocabulary.MemoryBytes > 0);

        (string Text, uint Ordinal) Next() =>
            (string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Parts[random.Next(Parts.Length)])), (uint)random.Next(Ordinals));

        HashSet<uint> Of(string text)
        {
            if (!model.TryGetValue(text, out HashSet<uint>? ordinals))
            {
                model.Add(text, ordinals = []);
            }

            return ordinals;
        }

        void Check(string text, string context)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            byte[] last = Encoding.UTF8.GetBytes(Next().Text);
            bool includesFirst = random.Next(2) == 0;
            bool IsWithin(string other)
            {
                int order = Encoding.UTF8.GetBytes(other).AsSpan().SequenceCompareTo(utf8);
                return (includesFirst ? order >= 0 : order > 0) && Encoding.UTF8.GetBytes(other).AsSpan().SequenceCompareTo(last) <= 0;
            }

            Same(other => other == text, bitmap => vocabulary.AddTo(text, bitmap), context);
            Same(other => Encoding.UTF8.GetBytes(other).AsSpan().StartsWith(utf8), bitmap => vocabulary.AddPrefixTo(text, bitmap), context);
            Same(IsWithin, bitmap => vocabulary.AddRangeTo(text, IsWithin, bitmap), context);
            Same(
                other => Encoding.UTF8.GetBytes(other).AsSpan().SequenceCompareTo(last) <= 0,
                bitmap => vocabulary.AddRangeTo(null, other => Encoding.UTF8.GetBytes(other).AsSpan().SequenceCompareTo(last) <= 0, bitmap),
                context);
        }

        void Same(Func<string, bool> isWanted, Action<OrdinalBitmap> add, string context)
        {
            OrdinalBitmap bitmap = new();
            bitmap.Reset(Ordinals);
            add(bitmap);
            HashSet<uint> expected = [.. model.Where(entry => isWanted(entry.Key)).SelectMany(entry => entry.Value)];
            Assert.True(expected.Count == bitmap.Count() && expected.All(bitmap.Contains), context);
        }
    }
}
