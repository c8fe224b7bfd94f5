using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>
/// One evaluation of a plan over the ordinals below a length, in two steps: everything that needs no points, which the caller
/// runs under the lock of the indexes, then the rest, which reads points without it.
/// </summary>
internal readonly ref struct PredicateEvaluation(BlobStore blobs, BitmapPool pool, int length, CancellationToken cancellation)
{
    private const int PointsPerCancellationCheck = 4096;

    // Each kept result is a bitmap; a filter that would keep more is evaluated under the lock as a whole.
    private const int MaxKeptResults = 32;

    /// <summary>Evaluates what needs no points and keeps it in the plan. False when that would hold too many bitmaps at once.</summary>
    public bool TryResolve(PlanNode node)
    {
        int budget = MaxKeptResults;
        if (CountKept(node, ref budget) < 0)
        {
            return false;
        }

        Resolve(node);
        return true;
    }

    /// <summary>Adds the candidates that satisfy the plan to the empty <paramref name="target"/>.</summary>
    public void Select(PlanNode node, OrdinalBitmap candidates, OrdinalBitmap target)
    {
        if (node.NeedsNoPoints)
        {
            if (node.Result is null)
            {
                Lookup(node, target);
            }
            else
            {
                node.Result.Words.CopyTo(target.Words);
            }

            target.And(candidates);
            return;
        }

        switch (node.Kind)
        {
            case PlanKind.And:
                SelectAll(node.Operands, candidates, target);
                break;
            case PlanKind.Or:
                SelectAny(node.Operands, candidates, target);
                break;
            case PlanKind.Not:
                OrdinalBitmap inner = pool.Rent(length);
                Select(node.Operands[0], candidates, inner);
                candidates.Words.CopyTo(target.Words);
                target.AndNot(inner);
                pool.Return(inner);
                break;
            default:
                Test(node.Leaf!, candidates, target);
                break;
        }
    }

    /// <summary>Gives the kept results back.</summary>
    public static void Release(PlanNode node, BitmapPool pool)
    {
        if (node.Result is not null)
        {
            pool.Return(node.Result);
            node.Result = null;
        }

        foreach (PlanNode operand in node.Operands)
        {
            Release(operand, pool);
        }
    }

    private static int CountKept(PlanNode node, ref int budget)
    {
        if (node.NeedsNoPoints)
        {
            return --budget;
        }

        foreach (PlanNode operand in node.Operands)
        {
            if (CountKept(operand, ref budget) < 0)
            {
                break;
            }
        }

        return budget;
    }

    private void Resolve(PlanNode node)
    {
        if (node.NeedsNoPoints)
        {
            node.Result = pool.Rent(length);
            Lookup(node, node.Result);
            return;
        }

        foreach (PlanNode operand in node.Operands)
        {
            Resolve(operand);
        }
    }

    private void Lookup(PlanNode node, OrdinalBitmap target)
    {
        switch (node.Kind)
        {
            case PlanKind.Indexed:
                node.Index!.AddMatches(node.Leaf!, target, pool);
                break;
            case PlanKind.Listed:
                foreach (uint ordinal in node.Ordinals)
                {
                    if (ordinal < (uint)length)
                    {
                        target.Add(ordinal);
                    }
                }

                break;
            case PlanKind.Not:
                Lookup(node.Operands[0], target);
                target.Not();
                break;
            default:
                Lookup(node.Operands[0], target);
                foreach (PlanNode operand in node.Operands.AsSpan(1))
                {
                    if (node.Kind == PlanKind.Or && operand.Kind is (PlanKind.Indexed or PlanKind.Listed))
                    {
                        // These only add, so they need no bitmap of their own.
                        Lookup(operand, target);
                        continue;
                    }

                    OrdinalBitmap next = pool.Rent(length);
                    Lookup(operand, next);
                    if (node.Kind == PlanKind.And)
                    {
                        target.And(next);
                    }
                    else
                    {
                        target.Or(next);
                    }

                    pool.Return(next);
                }

                break;
        }
    }

    private void SelectAll(ReadOnlySpan<PlanNode> operands, OrdinalBitmap candidates, OrdinalBitmap target)
    {
        OrdinalBitmap left = pool.Rent(length);
        candidates.Words.CopyTo(left.Words);
        foreach (PlanNode operand in operands)
        {
            OrdinalBitmap next = pool.Rent(length);
            Select(operand, left, next);
            pool.Return(left);
            left = next;
        }

        left.Words.CopyTo(target.Words);
        pool.Return(left);
    }

    private void SelectAny(ReadOnlySpan<PlanNode> operands, OrdinalBitmap candidates, OrdinalBitmap target)
    {
        OrdinalBitmap left = pool.Rent(length);
        candidates.Words.CopyTo(left.Words);
        foreach (PlanNode operand in operands)
        {
            OrdinalBitmap next = pool.Rent(length);
            Select(operand, left, next);
            target.Or(next);
            left.AndNot(next);
            pool.Return(next);
        }

        pool.Return(left);
    }

    private void Test(LeafTest leaf, OrdinalBitmap candidates, OrdinalBitmap target)
    {
        int untilCheck = 0;
        foreach (uint ordinal in candidates)
        {
            if (untilCheck-- == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                untilCheck = PointsPerCancellationCheck;
            }

            byte[]? blob = blobs.Get(ordinal);
            if (blob is not null && leaf.Matches(blob))
            {
                target.Add(ordinal);
            }
        }
    }
}
