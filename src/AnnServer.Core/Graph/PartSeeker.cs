using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
    // Of fewer points that were looked at nothing can be told.
    private const int LeastTested = 512;

    // A query among points that are all near each other would look in one part or two, and miss those that lie beyond the border: of pairs of texts and
    // filters that looked in less than nine parts the recall was 0.948, and is 0.978.
    private const int FewestParts = 8;

    // Parts are gone through in steps of their keys, within a step in no order: below the mean, below the mean of those, and so on, until
    // so few are left as are looked in anyhow. So the nearest come first, however the centres lie, and a step has about as many as all
    // before it. To sort them takes each search 1.5 µs.
    private const int MostBounds = 12;

    private const int Lanes = 16;

    private readonly PartitionCentres _centres;
    private readonly SearchEffort _effort;
    private readonly float _logOfShare;

    // How near the points of each part may come, and by how much nearer with a cosine of one more.
    private readonly float* _keys;
    private readonly float* _perCosine;

    // By how much a key may be less with the largest cosine there can be.
    private readonly float _margin;

    // Where steps begin, the last step first.
    private fixed float _bounds[MostBounds];
    private readonly int _boundCount;

    // Those of the step that was begun last.
    private readonly int* _parts;
    private int _step;
    private int _at;
    private int _end;

    // The largest share so far that matched near the query, if that is more than of all, and how much larger the cosine is for it.
    private float _densest;
    private float _more;

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
        _densest = effort.Share;
        _keys = floats;
        _perCosine = floats + padded;
        _parts = (int*)(_perCosine + padded);

        for (int part = 0; part < padded; part += Lanes)
        {
            // By their codes it may be a little nearer than the origin.
            Vector512<float> distances = Vector512.Max(Vector512<float>.Zero, Vector512.Load(_keys + part) - Vector512.Create(origin));
            Vector512<float> spreads = Vector512.Load(centres.Spreads + part);
            Vector512<float> perCosine = Vector512.Create(2f) * Vector512.Sqrt(distances * spreads);
            perCosine.Store(_perCosine + part);
            (distances + spreads - (Vector512.Create(effort.Slack) * perCosine)).Store(_keys + part);
        }

        // What is missing to sixteen is no part, and in no mean.
        new Span<float>(_keys + centres.Count, padded - centres.Count).Fill(float.PositiveInfinity);
        _margin = Math.Max(0, effort.DenseSlack - effort.Slack) * TensorPrimitives.Max(new ReadOnlySpan<float>(_perCosine, centres.Count));
        float bound = TensorPrimitives.Sum(new ReadOnlySpan<float>(_keys, centres.Count)) / centres.Count;
        for (int below = centres.Count; below > FewestParts && _boundCount < MostBounds && !float.IsNaN(bound);)
        {
            _bounds[_boundCount++] = bound;
            bound = MeanBelow(bound, out below);
        }
    }

    /// <summary>Points of the parts that it has looked in, whether they match or not.</summary>
    public long Tested { get; private set; }

    /// <summary>Those of them that match.</summary>
    public long Matched { get; private set; }

    /// <summary>Parts that it has looked in.</summary>
    public int Visited { get; private set; }

    /// <summary>Whether as good as all points around the query match, though the filter leaves few elsewhere.</summary>
    public readonly bool IsDense => _more > 0 && _more >= _effort.DenseSlack - _effort.Slack;

    /// <summary>
    /// Floats that one needs for so many parts: three of each, and sixteen behind the last, as the parts of a step are written so many at a
    /// time.
    /// </summary>
    public static int FloatsFor(int parts) => (3 * Padded(parts)) + Lanes;

    /// <summary>The next part that may have points within reach; false when there is none.</summary>
    /// <param name="reach">Distance of the k-th found, from the origin on.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext(float reach, out int part)
    {
        while (_at < _end || TryStep(reach))
        {
            part = _parts[_at++];
            // What is not a number is not too far.
            if (Visited < FewestParts || !(_keys[part] - (_more * _perCosine[part]) > reach))
            {
                return true;
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
        if (Matched > _densest * Tested && Tested >= LeastTested && _effort.DenseSlack > _effort.Slack)
        {
            _densest = (float)Matched / Tested;
            _more = More();
        }
    }

    // Where more match near the query than elsewhere, the cosine goes to that for all points, in the logarithm of the share, and is there halfway:
    // of the parts that hold the nearest some are met before others that are as dense.
    private readonly float More() =>
        (_effort.DenseSlack - _effort.Slack) * Math.Min(1, 2 * (1 - (MathF.Log(_densest) / _logOfShare)));

    // Not a number where there are none.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly float MeanBelow(float bound, out int count)
    {
        var bounds = Vector512.Create(bound);
        Vector512<float> sum = default;
        Vector512<int> below = default;
        for (int part = 0; part < _centres.Count; part += Lanes)
        {
            var keys = Vector512.Load(_keys + part);
            Vector512<float> isBelow = Vector512.LessThan(keys, bounds);
            sum += keys & isBelow;
            below -= isBelow.AsInt32();
        }

        count = Vector512.Sum(below);
        return Vector512.Sum(sum) / count;
    }

    // Begins the next step that has parts; false when there is none, or none within reach.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private bool TryStep(float reach)
    {
        while (_step <= _boundCount)
        {
            if (Visited >= FewestParts && _step > 0 && _bounds[_boundCount - _step] - _margin > reach)
            {
                return false;
            }

            Take(_step++);
            if (_end > 0)
            {
                return true;
            }
        }

        return false;
    }

    // What is not a number is in the first step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Take(int step)
    {
        bool isFirst = step == 0;
        bool isLast = step == _boundCount;
        var from = Vector512.Create(isFirst ? 0 : _bounds[_boundCount - step]);
        var to = Vector512.Create(isLast ? 0 : _bounds[_boundCount - step - 1]);
        int parts = _centres.Count;
        int* taken = _parts;
        for (int part = 0; part < parts; part += Lanes)
        {
            var keys = Vector512.Load(_keys + part);
            Vector512<float> inside = isFirst ? Vector512<float>.AllBitsSet : Vector512.GreaterThanOrEqual(keys, from);
            inside = isLast ? inside : Vector512.AndNot(inside, Vector512.GreaterThanOrEqual(keys, to));
            if (part + Lanes > parts)
            {
                inside &= Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(parts - part)).AsSingle();
            }

            ulong bits = inside.ExtractMostSignificantBits();
            if (Avx512F.IsSupported)
            {
                // Without a branch for each that would be guessed wrong.
                Avx512F.Compress(Vector512<int>.Zero, inside.AsInt32(), Vector512<int>.Indices + Vector512.Create(part)).Store(taken);
                taken += BitOperations.PopCount(bits);
            }
            else
            {
                for (; bits != 0; bits &= bits - 1)
                {
                    *taken++ = part + BitOperations.TrailingZeroCount(bits);
                }
            }
        }

        _at = 0;
        _end = (int)(taken - _parts);
    }

    private static int Padded(int parts) => (parts + Lanes - 1) & -Lanes;
}
