using System.Text;
using AnnServer.Engine.Model;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc.Searching;

/// <summary>A <c>SearchBatchRequest</c> off the wire and the <c>SearchBatchResponse</c> it becomes; used for many calls.</summary>
internal sealed class WireSearchBatch
{
    // Searches kept for the next call.
    private const int KeptSearches = 64;

    private readonly List<WireSearch> _searches = [];
    private readonly List<SearchQuery> _queries = [];
    private readonly List<SearchAnswer> _answers = [];

    public string Collection { get; private set; } = "";

    /// <summary>One for each search of the call.</summary>
    public IReadOnlyList<SearchQuery> Queries => _queries;

    /// <summary>One for each search of the call.</summary>
    public IReadOnlyList<SearchAnswer> Answers => _answers;

    public WireSearch this[int index] => _searches[index];

    /// <summary>Forgets the call, but for memory of the usual size.</summary>
    public void Clear()
    {
        for (int i = 0; i < _queries.Count; i++)
        {
            _searches[i].Clear();
        }

        _queries.Clear();
        _answers.Clear();
        if (_searches.Count > KeptSearches)
        {
            _searches.RemoveRange(KeptSearches, _searches.Count - KeptSearches);
            _searches.TrimExcess();
            _queries.Capacity = 0;
            _answers.Capacity = 0;
        }
    }

    /// <summary>Reads a message into this, which has been cleared.</summary>
    public void Read(ReadOnlySpan<byte> message)
    {
        Collection = "";
        MessageReader reader = new(message);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case (Wire.SearchBatchRequest.CollectionFieldNumber << 3) | WireType.Bytes:
                    Collection = Encoding.UTF8.GetString(reader.ReadUtf8());
                    break;
                case (Wire.SearchBatchRequest.QueriesFieldNumber << 3) | WireType.Bytes:
                    Next().Read(reader.ReadBytes());
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    /// <summary>Adds what is wrong with the fields that only the wire can get wrong, and makes the rest of the queries.</summary>
    public void Complete(Faults faults)
    {
        for (int i = 0; i < _queries.Count; i++)
        {
            using Faults.Scope scope = faults.Within("queries", i);
            WireSearch search = _searches[i];
            search.Complete(faults);
            if (search.Collection.Length > 0 && search.Collection != Collection)
            {
                faults.Add("collection", $"is \"{search.Collection}\", but the batch is for \"{Collection}\"");
            }
        }
    }

    /// <summary>Writes the answers as a <c>SearchBatchResponse</c>.</summary>
    public void Write(MessageWriter writer)
    {
        for (int i = 0; i < _queries.Count; i++)
        {
            writer.WriteTag((Wire.SearchBatchResponse.ResultsFieldNumber << 3) | WireType.Bytes);
            int begin = writer.Begin();
            _searches[i].Write(writer);
            writer.End(begin);
        }
    }

    private WireSearch Next()
    {
        if (_queries.Count == _searches.Count)
        {
            _searches.Add(new WireSearch());
        }

        WireSearch next = _searches[_queries.Count];
        _queries.Add(next.Query);
        _answers.Add(next.Answer);
        return next;
    }
}
