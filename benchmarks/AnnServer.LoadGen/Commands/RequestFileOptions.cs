using System.CommandLine;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.RequestFiles;

namespace AnnServer.LoadGen.Commands;

/// <summary>The options of commands that write requests to files.</summary>
internal sealed class RequestFileOptions
{
    private readonly Option<string> _vectors = new("--vectors") { Description = "Vector file.", Required = true };
    private readonly Option<string> _collection = new("--collection") { Description = "Name of the collection.", Required = true };
    private readonly Option<string> _out = new("--out") { Description = "File to write.", Required = true };
    private readonly Option<RequestKind> _kind = new("--kind") { Description = "search, batch or upsert." };
    private readonly Option<int> _batch = new("--batch") { Description = "Points or queries in a request.", DefaultValueFactory = _ => 32 };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<uint> _ef = new("--ef") { Description = "Candidates kept." };
    private readonly Option<double> _recall = new("--recall") { Description = "Recall target." };
    private readonly Option<bool> _exact = new("--exact") { Description = "Search exactly." };
    private readonly Option<string?> _filter = new("--filter") { Description = "Filter expression." };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_vectors, _collection, _out, _kind, _batch, _k, _ef, _recall, _exact, _filter])
            command.Options.Add(option);
        _batch.Within(1, int.MaxValue, "--batch is at least 1.");
    }

    public VectorFile Vectors(ParseResult parsed) => VectorFile.Read(parsed.GetRequiredValue(_vectors));

    public string Out(ParseResult parsed) => parsed.GetRequiredValue(_out);

    /// <param name="count">Requests; null for as many as the vectors fill once.</param>
    public RequestPlan Plan(ParseResult parsed, VectorFile vectors, int? count)
    {
        RequestKind kind = parsed.GetValue(_kind);
        int batch = kind == RequestKind.Search ? 1 : parsed.GetValue(_batch);
        int once = (vectors.Count + batch - 1) / batch;
        return new RequestPlan(
            kind, parsed.GetRequiredValue(_collection), Math.Min(count ?? once, once), batch, parsed.GetValue(_k),
            new Effort(parsed.GetValue(_ef), parsed.GetValue(_exact), parsed.GetValue(_recall)), parsed.GetValue(_filter));
    }
}
