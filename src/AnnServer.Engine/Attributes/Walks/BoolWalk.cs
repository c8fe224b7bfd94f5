using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes.Walks;

/// <summary>Goes through the two truth values.</summary>
/// <param name="from">The first value; null for the first there is.</param>
internal sealed class BoolWalk(PostingSet ofFalse, PostingSet ofTrue, bool? from, bool descending) : ValueWalk
{
    private bool _value = from ?? descending;
    private bool _isDone;

    public override WalkStep Step(ValueGroup group)
    {
        if (_isDone)
        {
            return WalkStep.End;
        }

        PostingSet members = _value ? ofTrue : ofFalse;
        group.Add(members);
        IsAtStart = _value == from;
        _isDone = _value != descending;
        _value = !descending;
        return WalkStep.Value;
    }

    public override void AddPresent(OrdinalBitmap bitmap)
    {
        ofFalse.AddTo(bitmap);
        ofTrue.AddTo(bitmap);
    }
}
