using AnnServer.Core.Filtering;
using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Checkpoints;

/// <summary>
/// Which pages of a collection differ from those in the page store. A round takes them at one moment and writes them as they were then,
/// however long that takes: whoever is about to change a page that is still to be written puts its image aside first. So a checkpoint
/// is the state of the collection after one record of the log, and a replay goes on from there. All under the commit lock.
/// </summary>
internal sealed class ChangedPages
{
    /// <summary>Values of <see cref="PageKind"/>.</summary>
    public const int Kinds = 3;

    // Of one batch, which is copied under the commit lock at once: some tens of microseconds.
    private const int PagesAtOnce = 64;

    private readonly CollectionData _data;
    private SlotSet[] _changed = NewSets();
    private SlotSet[] _due = NewSets();
    private readonly Queue<PageBatch> _aside = new();
    private PageBatch? _filling;

    // No group of slots before it is due.
    private int _group;

    public ChangedPages(CollectionData data)
    {
        _data = data;
        data.Index.RowsChanging = slot => Changing(PageKind.Links, slot);
    }

    /// <summary>A page is about to be changed, and is yet as it was.</summary>
    public void Changing(PageKind kind, uint slot)
    {
        PutAside(kind, slot);
        _changed[(int)kind].Add(slot);
    }

    /// <summary>A slot is about to be given to another point: all its pages. Also its links, for the first point of a graph gets none.</summary>
    public void Changing(uint slot)
    {
        for (int kind = 0; kind < Kinds; kind++)
        {
            Changing((PageKind)kind, slot);
        }
    }

    /// <summary>The slot of a forgotten point is about to be cleared: what is due of it is put aside, and nothing new has to be written.</summary>
    public void Clearing(uint slot)
    {
        for (int kind = 0; kind < Kinds; kind++)
        {
            PutAside((PageKind)kind, slot);
        }
    }

    /// <summary>Pages of a kind that the next round would write; anybody may read it.</summary>
    public int Changed(PageKind kind) => Volatile.Read(ref _changed)[(int)kind].Count;

    /// <summary>Bytes of the images that are put aside and wait to be written.</summary>
    public long AsideBytes { get; private set; }

    /// <summary>Whether the page in memory differs from the one that the last round took.</summary>
    public bool HasChanged(PageKind kind, uint slot) => _changed[(int)kind].Contains(slot);

    /// <summary>From here on nothing has changed: what is in memory is what the page store holds.</summary>
    public void Forget()
    {
        foreach (SlotSet set in _changed)
        {
            set.Clear();
        }
    }

    /// <summary>Begins a round: all that has changed so far is due, or all there is.</summary>
    public void BeginRound(bool everything)
    {
        (_changed, _due) = (_due, _changed);
        _group = 0;
        if (everything)
        {
            var used = new OrdinalBitmap();
            _data.Index.CopyLive(used);
            foreach (SlotSet due in _due)
            {
                due.Assign(used.Words);
                foreach (uint hidden in _data.Hidden)
                {
                    due.Add(hidden);
                }
            }
        }
    }

    /// <summary>
    /// Moves the next few pages of the round into the empty <paramref name="batch"/>; none are left where it stays empty.
    /// All kinds of some slots, then of the next: whoever loads them, a thread a kind, has work for each thread in every stretch.
    /// </summary>
    public void Take(ref PageBatch batch)
    {
        if (_aside.TryDequeue(out PageBatch? aside))
        {
            _filling = _filling == aside ? null : _filling;
            AsideBytes -= aside.Bytes;
            batch = aside;
            return;
        }

        while (batch.Count < PagesAtOnce)
        {
            _group = _due.Min(due => due.NextGroup(_group));
            if (_group == int.MaxValue)
            {
                return;
            }

            for (int kind = 0; kind < Kinds; kind++)
            {
                while (batch.Count < PagesAtOnce && _due[kind].TryTake(_group, out uint slot))
                {
                    batch.Add(_data, (PageKind)kind, slot);
                }
            }
        }
    }

    private void PutAside(PageKind kind, uint slot)
    {
        if (!_due[(int)kind].Remove(slot))
        {
            return;
        }

        if (_filling is null || _filling.Count == PagesAtOnce)
        {
            _filling = new PageBatch();
            _aside.Enqueue(_filling);
        }

        int before = _filling.Bytes;
        _filling.Add(_data, kind, slot);
        AsideBytes += _filling.Bytes - before;
    }

    private static SlotSet[] NewSets() => [.. Enumerable.Range(0, Kinds).Select(static _ => new SlotSet())];
}
