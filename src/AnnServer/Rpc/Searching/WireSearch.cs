using System.Runtime.InteropServices;
using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Protocol.V1;
using Google.Protobuf;

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

    private readonly WireVector _vector = new();
    private byte[] _collectionUtf8 = [];

    /// <summary>Empty where it is not given.</summary>
    public string Collection { get; private set; } = "";

    public Filter? Filter { get; private set; }

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
        Explain = false;
        Query.Vector = default;
        Query.K = 0;
        Query.Filter = FilterSpec.None;
        Query.Ef = null;
        Query.Exact = false;
        Query.WithAttributes = false;
        Query.WithVector = false;
        Query.ScoreThreshold = null;
        Query.ReadAfter = 0;
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
                case (1 << 3) | 2:
                    SetCollection(reader.ReadUtf8());
                    named = true;
                    break;
                case (2 << 3) | 2:
                    _vector.Merge(reader.ReadBytes(), message);
                    break;
                case 3 << 3:
                    Query.K = CollectionMapper.Clamp(reader.ReadUInt32());
                    break;
                case (4 << 3) | 2:
                    (Filter ??= new Filter()).MergeFrom(reader.ReadBytes());
                    break;
                case 5 << 3:
                    (Query.Ef, Query.Exact) = (CollectionMapper.Clamp(reader.ReadUInt32()), false);
                    break;
                case 7 << 3:
                    (Query.Ef, Query.Exact) = (null, reader.ReadBool());
                    break;
                case 8 << 3:
                    Query.WithAttributes = reader.ReadBool();
                    break;
                case 9 << 3:
                    Query.WithVector = reader.ReadBool();
                    break;
                case (10 << 3) | 5:
                    Query.ScoreThreshold = reader.ReadFloat();
                    break;
                case 11 << 3:
                    Explain = reader.ReadBool();
                    break;
                case 12 << 3:
                    Query.ReadAfter = reader.ReadUInt64();
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
    }

    /// <summary>Writes the answer as a <c>SearchResponse</c>.</summary>
    public void Write(MessageWriter writer)
    {
        foreach (ref readonly SearchHit hit in Answer.HitSpan)
        {
            writer.WriteTag((1 << 3) | 2);
            int begin = writer.Begin();
            Write(hit, writer);
            writer.End(begin);
        }

        if (Explain)
        {
            writer.WriteTag((2 << 3) | 2);
            writer.WriteMessage(ResponseMapper.ToWire(Answer.Report));
        }
    }

    private static void Write(in SearchHit hit, MessageWriter writer)
    {
        writer.WriteTag((1 << 3) | 2);
        int begin = writer.Begin();
        if (hit.Id.Key is { } key)
        {
            writer.WriteTag((2 << 3) | 2);
            writer.WriteString(key);
        }
        else
        {
            writer.WriteTag(1 << 3);
            writer.WriteUInt64(hit.Id.Number);
        }

        writer.End(begin);
        writer.WriteTag((2 << 3) | 5);
        writer.WriteFloat(hit.Score);
        if (hit.Attributes.Count > 0)
        {
            WriteAttributes(hit, writer);
        }

        if (!hit.Vector.IsEmpty)
        {
            writer.WriteTag((4 << 3) | 2);
            begin = writer.Begin();
            writer.WriteTag((1 << 3) | 2);
            writer.WriteBytes(MemoryMarshal.AsBytes(hit.Vector.Span));
            writer.WriteTag(3 << 3);
            writer.WriteUInt64((ulong)VectorFormat.Float32);
            writer.End(begin);
        }
    }

    // A map on the wire is a list of pairs.
    private static void WriteAttributes(in SearchHit hit, MessageWriter writer)
    {
        foreach ((string name, AttributeValue value) in hit.Attributes)
        {
            writer.WriteTag((3 << 3) | 2);
            int begin = writer.Begin();
            writer.WriteTag((1 << 3) | 2);
            writer.WriteString(name);
            writer.WriteTag((2 << 3) | 2);
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
