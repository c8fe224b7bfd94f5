using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Queries;

/// <summary>Counts the answers of a run, and keeps the latest one to every query so that recall is counted after the clock stops.</summary>
internal sealed class AnswerTally(int queries, int expectedHits)
{
    private readonly SearchResponse?[] _latest = new SearchResponse?[queries];
    private long _answered;
    private long _short;

    public long Answered => Interlocked.Read(ref _answered);

    public long Short => Interlocked.Read(ref _short);

    public void Add(int query, SearchResponse response)
    {
        Interlocked.Increment(ref _answered);
        if (response.Hits.Count < expectedHits)
            Interlocked.Increment(ref _short);
        Volatile.Write(ref _latest[query], response);
    }

    /// <summary>Over the queries that were answered at least once; null where none was.</summary>
    public double? Recall(RecallJudge judge, int k)
    {
        long right = 0, wanted = 0;
        for (int query = 0; query < _latest.Length; query++)
        {
            if (_latest[query] is not { } response)
                continue;
            ulong[] ids = [.. response.Hits.Select(Row)];
            right += judge.CountRight(query, ids, k);
            wanted += k;
        }
        return wanted == 0 ? null : (double)right / wanted;
    }

    private static ulong Row(Hit hit) => hit.Id.IdCase == PointId.IdOneofCase.Num
        ? hit.Id.Num
        : throw new InvalidDataException(
            "The ground truth names rows, and the points of this collection have keys: load it without --id-attribute.");
}
