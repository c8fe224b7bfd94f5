using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// The way of one query through the parts of a division, the nearest first. By the law of cosines a point of a part is at
/// d² = c² + r² - 2 c r cos θ, with c the distance of the centre from the query, r that of the point from the centre, and θ the angle between
/// the two as seen from the centre. In many dimensions hardly any point has a large cosine: a part is left out where even one of the
/// given cosine, at the mean r of its points, would be farther than the k-th found so far, but for the first few. At a cosine of 1 that is the
/// triangle inequality. The k-th distance says how far away the points of a filter are; so it holds for those far from the query, too.
/// </summary>
internal unsafe struct PartSeeker
{
    private const int Bins = 256;

    // Of fewer points that were looked at nothing can be told.
    private const int LeastTested = 512;

    // A query among points that are all near each other would look in one part or two, and miss those that lie beyond the border: of pairs of texts and
    // filters that looked in less than nine parts the recall was 0.948, and is 0.978.
    private const int FewestParts = 8;

    private const int Lanes = 16;

    private readonly PartitionCentres _centres;
    private readonly SearchEffort _effort;
    private readonly float _logOfShare;

    // How near the points of each part may come, and by how much nearer with a cosine of one more.
    private readonly float* _keys;
    private readonly float* _perCosine;

    // By the first. One that comes later may be nearer by as much as the margin.
    private readonly int* _order;
    private readonly float _margin;
    private float _more;
    private int _at;

    /// <param name="effort">Its <see cref="SearchEffort.Slack"/> is the cosine.</param>
    /// <param name="origin">What the distance of a vector from itself is.</param>
    /// <param name="floats">As many as <see cref="FloatsFor"/> says, in use as long as this is. The first are the distances of the centres.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public PartSeeker(PartitionCentres centres, in SearchEffort effort, float origin, float* floats)
    {
        int padded = Padded(centres.Count);
        _centres = centres;
        _effort = effort;
        _logOfShare = MathF.Log(effort.Share);
        _keys = floats;
        _perCosine = floats + padded;
        _order = (int*)(_perCosine + padded);

        // What is missing to sixteen lies where the first centre does, so that the bins are hardly wider for it; it is in none.
        new Span<float>(_keys + centres.Count, padded - centres.Count).Fill(_keys[0]);
        var least = Vector512.Create(float.PositiveInfinity);
        var most = Vector512.Create(float.NegativeInfinity);
        Vector512<float> mostPerCosine = default;
        for (int part = 0; part < padded; part += Lanes)
        {
            // By their codes it may be a little nearer than the origin.
            Vector512<float> distances = Vector512.Max(Vector512<float>.Zero, Vector512.Load(_keys + part) - Vector512.Create(origin));
            Vector512<float> spreads = Vector512.Load(centres.Spreads + part);
            Vector512<float> perCosine = Vector512.Create(2f) * Vector512.Sqrt(distances * spreads);
            Vector512<float> keys = distances + spreads - (Vector512.Create(effort.Slack) * perCosine);
            perCosine.Store(_perCosine + part);
            keys.Store(_keys + part);
            least = Vector512.Min(least, keys);
            most = Vector512.Max(most, keys);
            mostPerCosine = Vector512.Max(mostPerCosine, perCosine);
        }

        float perBin = Sort(least, most);
        _margin = float.IsFinite(perBin)
            ? perBin + (Math.Max(0, effort.DenseSlack - effort.Slack) * Largest(mostPerCosine))
            : float.PositiveInfinity;
    }

    /// <summary>Points of the parts that it has looked in, whether they match or not.</summary>
    public long Tested { get; private set; }

    /// <summary>Those of them that match.</summary>
    public long Matched { get; private set; }

    /// <summary>Parts that it has looked in.</summary>
    public int Visited { get; private set; }

    /// <summary>Whether as good as all points around the query match, though the filter leaves few elsewhere.</summary>
    public readonly bool IsDense => _more > 0 && _more >= _effort.DenseSlack - _effort.Slack;

    /// <summary>Floats that one needs for so many parts.</summary>
    public static int FloatsFor(int parts) => 3 * Padded(parts);

    /// <summary>The next part that may have points within reach; false when there is none.</summary>
    /// <param name="reach">Distance of the k-th found, from the origin on.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext(float reach, out int part)
    {
        while (_at < _centres.Count)
        {
            part = _order[_at++];
            // What is not a number is not too far.
            if (Visited < FewestParts || !(_keys[part] - (_more * _perCosine[part]) > reach))
            {
                return true;
            }

            // Within a bin they are in no order, nor by another cosine than that at the beginning.
            if (_keys[part] > reach + _margin)
            {
                _at = _centres.Count;
            }
        }

        part = 0;
        return false;
    }

    /// <summary>So many points of the part match.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Looked(int part, int matching)
    {
        Visited++;
        Tested += _centres.Sizes[part];
        Matched += matching;
        // The parts that come first are nearest: what is dense there stays so, however little matches farther out.
        _more = Math.Max(_more, More());
    }

    // Where more match near the query than elsewhere, the cosine goes to that for all points, in the logarithm of the share, and is there halfway:
    // of the parts that hold the nearest some are met before others that are as dense.
    private readonly float More() =>
        Tested < LeastTested || _effort.DenseSlack <= _effort.Slack || Matched <= _effort.Share * Tested
            ? 0
            : (_effort.DenseSlack - _effort.Slack) * Math.Min(1, 2 * (1 - (MathF.Log((float)Matched / Tested) / _logOfShare)));

    // Into bins of keys, which are as wide as it says; to sort them fully takes ten times as long. Where distances are beyond what floats
    // hold, all are in the first, in no order: each is then looked at unless its own key is too far.
    private readonly float Sort(Vector512<float> least, Vector512<float> most)
    {
        int parts = _centres.Count;
        float first = -Largest(-least);
        float perBin = (Largest(most) - first) / (Bins - 1);
        bool isSorted = perBin > 0 && float.IsFinite(perBin);
        var scale = Vector512.Create(isSorted ? 1 / perBin : 0);
        int* ends = stackalloc int[Bins + 1];
        new Span<int>(ends, Bins + 1).Clear();
        int* bins = stackalloc int[Lanes];
        for (int part = 0; part < parts; part += Lanes)
        {
            BinsOf(part, first, scale).Store(bins);
            for (int lane = 0; lane < Math.Min(Lanes, parts - part); lane++)
            {
                ends[bins[lane] + 1]++;
            }
        }

        for (int bin = 0; bin < Bins; bin++)
        {
            ends[bin + 1] += ends[bin];
        }

        for (int part = 0; part < parts; part += Lanes)
        {
            BinsOf(part, first, scale).Store(bins);
            for (int lane = 0; lane < Math.Min(Lanes, parts - part); lane++)
            {
                _order[ends[bins[lane]]++] = part + lane;
            }
        }

        return isSorted ? perBin : float.PositiveInfinity;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<int> BinsOf(int part, float first, Vector512<float> scale) => Vector512.Clamp(
        Vector512.ConvertToInt32((Vector512.Load(_keys + part) - Vector512.Create(first)) * scale), Vector512<int>.Zero, Vector512.Create(Bins - 1));

    private static int Padded(int parts) => (parts + Lanes - 1) & -Lanes;

    private static float Largest(Vector512<float> values)
    {
        float largest = values[0];
        for (int lane = 1; lane < Lanes; lane++)
        {
            largest = Math.Max(largest, values[lane]);
        }

        return largest;
    }
}
