using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>Draws points at random from those that satisfy a filter.</summary>
internal sealed class SampleReader(CollectionData data, CollectionContext context, PointReader reader)
{
    public EngineResult<PointSample> Sample(SampleQuery query, Faults faults, CancellationToken cancellation)
    {
        if (query.Count < 1 || query.Count > context.Limits.MaxPageSize)
        {
            faults.Add("count", $"is {query.Count}; 1 to {context.Limits.MaxPageSize} are allowed (MaxPageSize)");
        }

        FilterCompiler.TryCompile(query.Filter, data.Config.Attributes, context.Limits, faults, out Predicate? predicate);
        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(query.ReadAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(data.Config.Name);
        }

        OrdinalBitmap matching = predicate is null ? reader.Live() : reader.Matching(predicate, cancellation);
        int count = matching.Count();
        uint[] drawn = Draw(matching, RandomRanks.Draw(query.Count, count, query.Seed ?? NewSeed()));
        reader.Return(matching);

        var points = new Point[drawn.Length];
        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        for (int i = 0; i < points.Length; i++)
        {
            if (!reader.TryRead(drawn[i], query.WithAttributes, query.WithVector, ref size, out points[i]))
            {
                return size.ToError("count");
            }
        }

        return new PointSample(points, count);
    }

    // The members of the set that so many others come before. The set is passed over once, a word at a time.
    private static uint[] Draw(OrdinalBitmap set, int[] ranks)
    {
        int[] places = new int[ranks.Length];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = i;
        }

        Array.Sort((int[])ranks.Clone(), places);
        uint[] drawn = new uint[ranks.Length];
        ReadOnlySpan<ulong> words = set.Words;
        int word = 0;
        int before = 0;
        foreach (int place in places)
        {
            int within = BitOperations.PopCount(words[word]);
            while (before + within <= ranks[place])
            {
                before += within;
                within = BitOperations.PopCount(words[++word]);
            }

            ulong rest = words[word];
            for (int skipped = before; skipped < ranks[place]; skipped++)
            {
                rest &= rest - 1;
            }

            drawn[place] = (uint)((word << 6) + BitOperations.TrailingZeroCount(rest));
        }

        return drawn;
    }

    private static ulong NewSeed()
    {
        ulong seed = 0;
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref seed)));
        return seed;
    }
}
