using System.Text;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>The attribute that results are grouped by.</summary>
internal sealed class GroupAttribute(string name)
{
    private readonly byte[] _utf8 = Encoding.UTF8.GetBytes(name);

    public string Name => name;

    /// <summary>The value of a point; false where that belongs to no group.</summary>
    public bool TryRead(byte[]? blob, out AttributeValue value)
    {
        if (blob is null
            || !AttributeCodec.TryFind(blob, _utf8, out AttributeView view)
            || view.Kind is AttributeKind.StringList or AttributeKind.Int64List or AttributeKind.GeoPoint)
        {
            value = default;
            return false;
        }

        value = view.ToValue();
        return true;
    }

    /// <summary>Whether a point belongs to the group of a value.</summary>
    public bool IsIn(AttributeValue group, byte[]? blob) => TryRead(blob, out AttributeValue value) && KeyOf(value) == KeyOf(group);

    /// <summary>What the values of a group have in common: numbers of either kind that are equal are one.</summary>
    public static AttributeValue KeyOf(AttributeValue value) => OperandBinder.Normalise(value);
}
