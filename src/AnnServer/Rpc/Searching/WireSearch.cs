using System.Runtime.InteropServices;
using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using Google.Protobuf;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc.Searching;

/// <summary>
/// A <c>SearchRequest</c> off the wire and the <c>SearchResponse</c> it becomes. Made once and used for many calls: what every search
/// carries is read and written here; filters, attributes and reports go through the generated messages.
/// </summary>
internal sealed class WireSearch
{
    // What is kept for the next call; a request that needed more gives it back.
    private const int KeptElements = 8192;
    private const int KeptHits = 256;
    private const int KeptNameBytes = 256;

    // Of the pairs that a map is on the wire.
    private const int MapKeyField = 1;
    private const int MapValueField = 2;

    private readonly WireVector _vector = new();
    private byte[] _collectionUtf8 = [];

    /// <summary>Empty where it is not given.</summary>
    public string Collection { get; private set; } = "";

    public Wire.Filter? Filter { get; private set; }

    public Wire.GroupBy? GroupBy { get; private set; }

    public Wire.Diversity? Diversity { get; private set; }

    public bool Explain { get; private set; }

    /// <summary>Complete after <see cref="Complete"/>.</summary>
    public SearchQuery Query { get; } = new() { Vector = default, K = 0 };

    public SearchAnswer Answer { get; } = new();

    /// <summary>Forgets the call, but for memory of the usual size.</summary>
    public void Clear()
    {
        _vector.Clear(KeptElements);
        if (_collectionUtf8.Length > KeptNameBytes)
        {
            SetCollection([]);
        }

        Filter = null;
        GroupBy = null;
        Diversity = null;
        Explain = false;
        Query.Vector = default;
        Query.K = 0;
        Query.Filter = FilterSpec.None;
        Query.Ef = null;
        Query.RecallTarget = null;
        Query.Exact = false;
        Query.WithAttributes = false;
        Query.WithVector = false;
        Query.ScoreThreshold = null;
        Query.ReadAfter = 0;
        Query.GroupBy = null;
        Query.Diversity = null;
        Answer.Clear(KeptHits);
    }

    /// <summary>Reads a message into this, which has been cleared.</summary>
    public void Read(ReadOnlySpan<byte> message)
    {
        bool named = false;
        MessageReader reader = new(message);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case (Wire.SearchRequest.CollectionFieldNumber << 3) | WireType.Bytes:
                    SetCollection(reader.ReadUtf8());
                    named = true;
                    break;
                case (Wire.SearchRequest.VectorFieldNumber << 3) | WireType.Bytes:
                    _vector.Merge(reader.ReadBytes(), message);
                    break;
                case (Wire.SearchRequest.KFieldNumber << 3) | WireType.Varint:
                    Query.K = CollectionMapper.Clamp(reader.ReadUInt32());
                    break;
                case (Wire.SearchRequest.FilterFieldNumber << 3) | WireType.Bytes:
                    (Filter ??= new Wire.Filter()).MergeFrom(reader.ReadBytes());
                    break;
                case (Wire.SearchRequest.EfFieldNumber << 3) | WireType.Varint:
                    (Query.Ef, Query.RecallTarget, Query.Exact) = (CollectionMapper.Clamp(reader.ReadUInt32()), null, false);
                    break;
                case (Wire.SearchRequest.RecallTargetFieldNumber << 3) | WireType.Fixed64:
                    (Query.Ef, Query.RecallTarget, Query.Exact) = (null, reader.ReadDouble(), false);
                    break;
                case (Wire.SearchRequest.ExactFieldNumber << 3) | WireType.Varint:
                    (Query.Ef, Query.RecallTarget, Query.Exact) = (null, null, reader.ReadBool());
                    break;
                case (Wire.SearchRequest.WithAttributesFieldNumber << 3) | WireType.Varint:
                    Query.WithAttributes = reader.ReadBool();
                    break;
                case (Wire.SearchRequest.WithVectorFieldNumber << 3) | WireType.Varint:
                    Query.WithVector = reader.ReadBool();
                    break;
                case (Wire.SearchRequest.ScoreThresholdFieldNumber << 3) | WireType.Fixed32:
                    Query.ScoreThreshold = reader.ReadFloat();
                    break;
                case (Wire.SearchRequest.ExplainFieldNumber << 3) | WireType.Varint:
                    Explain = reader.ReadBool();
                    break;
                case (Wire.SearchRequest.ReadAfterFieldNumber << 3) | WireType.Varint:
                    Query.ReadAfter = reader.ReadUInt64();
                    break;
                case (Wire.SearchRequest.GroupByFieldNumber << 3) | WireType.Bytes:
                    (GroupBy ??= new Wire.GroupBy()).MergeFrom(reader.ReadBytes());
                    break;
                case (Wire.SearchRequest.DiversityFieldNumber << 3) | WireType.Bytes:
                    (Diversity ??= new Wire.Diversity()).MergeFrom(reader.ReadBytes());
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }

        if (!named)
        {
            SetCollection([]);
        }

        _vector.Complete(message);
        Query.Vector = _vector.Elements;
    }

    /// <summary>Adds what is wrong with the fields that only the wire can get wrong, and makes the rest of the query.</summary>
    public void Complete(Faults faults)
    {
        if (_vector.Fault is { } fault)
        {
            faults.Add("vector", fault);
        }

        Query.Filter = FilterMapper.ToModel(Filter, faults);
        Query.GroupBy = GroupBy is null ? null : ShapeMapper.ToModel(GroupBy);
        Query.Diversity = Diversity is null ? null : ShapeMapper.ToModel(Diversity);
    }

    /// <summary>Writes the answer as a <c>SearchResponse</c>.</summary>
    public void Write(MessageWriter writer)
    {
        foreach (ref readonly SearchHit hit in Answer.HitSpan)
        {
            writer.WriteTag((Wire.SearchResponse.HitsFieldNumber << 3) | WireType.Bytes);
            int begin = writer.Begin();
            Write(hit, writer);
            writer.End(begin);
        }

        if (Explain)
        {
            writer.WriteTag((Wire.SearchResponse.ReportFieldNumber << 3) | WireType.Bytes);
            writer.WriteMessage(ResponseMapper.ToWire(Answer.Report));
        }
    }

    private static void Write(in SearchHit hit, MessageWriter writer)
    {
        writer.WriteTag((Wire.Hit.IdFieldNumber << 3) | WireType.Bytes);
        int begin = writer.Begin();
        if (hit.Id.Key is { } key)
        {
            writer.WriteTag((Wire.PointId.KeyFieldNumber << 3) | WireType.Bytes);
            writer.WriteString(key);
        }
        else
        {
            writer.WriteTag((Wire.PointId.NumFieldNumber << 3) | WireType.Varint);
            writer.WriteUInt64(hit.Id.Number);
        }

        writer.End(begin);
        writer.WriteTag((Wire.Hit.ScoreFieldNumber << 3) | WireType.Fixed32);
        writer.WriteFloat(hit.Score);
        if (hit.Attributes.Count > 0)
        {
            WriteAttributes(hit, writer);
        }

        if (!hit.Vector.IsEmpty)
        {
            writer.WriteTag((Wire.Hit.VectorFieldNumber << 3) | WireType.Bytes);
            begin = writer.Begin();
            writer.WriteTag((Wire.Vector.PackedFieldNumber << 3) | WireType.Bytes);
            writer.WriteBytes(MemoryMarshal.AsBytes(hit.Vector.Span));
            writer.WriteTag((Wire.Vector.FormatFieldNumber << 3) | WireType.Varint);
            writer.WriteUInt64((ulong)Wire.VectorFormat.Float32);
            writer.End(begin);
        }

        if (hit.Group.Kind != AttributeKind.None)
        {
            writer.WriteTag((Wire.Hit.GroupFieldNumber << 3) | WireType.Bytes);
            writer.WriteMessage(AttributeMapper.ToWire(hit.Group));
        }
    }

    private static void WriteAttributes(in SearchHit hit, MessageWriter writer)
    {
        foreach ((string name, AttributeValue value) in hit.Attributes)
        {
            writer.WriteTag((Wire.Hit.AttributesFieldNumber << 3) | WireType.Bytes);
            int begin = writer.Begin();
            writer.WriteTag((MapKeyField << 3) | WireType.Bytes);
            writer.WriteString(name);
            writer.WriteTag((MapValueField << 3) | WireType.Bytes);
            writer.WriteMessage(AttributeMapper.ToWire(value));
            writer.End(begin);
        }
    }

    // The name of the last call is most likely that of this one.
    private void SetCollection(ReadOnlySpan<byte> utf8)
    {
        if (!utf8.SequenceEqual(_collectionUtf8))
        {
            _collectionUtf8 = utf8.ToArray();
            Collection = Encoding.UTF8.GetString(utf8);
        }
    }
}
