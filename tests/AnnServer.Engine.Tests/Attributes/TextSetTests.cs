using System.IO.Compression;
using System.Text.Json;
using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Attributes;

/// <summary>Real attributes and filters, whose exact matches were counted by another program.</summary>
public sealed class TextSetTests(ITestOutputHelper output)
{
    private static readonly AttributeSchema[] Schemas =
    [
        new("kind", AttributeType.Keyword), new("source", AttributeType.Keyword), new("author", AttributeType.Keyword),
        new("area", AttributeType.Keyword), new("status", AttributeType.Keyword), new("section", AttributeType.Keyword),
        new("year", AttributeType.Int64), new("pos", AttributeType.Double), new("words", AttributeType.Int64),
        new("has_code", AttributeType.Bool), new("code_lang", AttributeType.KeywordList), new("lang", AttributeType.Keyword),
        new("ext", AttributeType.Keyword), new("doc", AttributeType.Int64),
    ];

    [Fact]
    public void Evaluate_RealFilters_CountTheKnownMatches()
    {
        string folder = Path.Combine(DataFolder(), "text-lsa-100k");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "base_attrs.jsonl.gz")), $"The text set is not at {folder}; ANN_DATA says where data is.");
        using AttributeTable indexed = new(Schemas);
        using AttributeTable unindexed = new([]);
        indexed.BeginBulkLoad();
        Load(Path.Combine(folder, "base_attrs.jsonl.gz"), indexed, unindexed);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        indexed.RebuildIndexes();
        output.WriteLine($"{Schemas.Length} indexes over {indexed.Length} points built in {(Environment.CpuUsage.TotalTime - before).TotalMilliseconds:F0} ms of CPU");
        output.WriteLine($"{indexed.MemoryBytes >> 10} KiB of attributes, {indexed.IndexMemoryBytes >> 10} KiB of indexes");

        (Predicate Written, int Matches)[] filters = [.. File.ReadLines(Path.Combine(folder, "filtered.jsonl")).Select(ReadFilter)];
        Assert.True(filters.Length > 1000);
        CheckAll("by index", indexed, Schemas, filters);

        // Point by point it takes a hundred times as long, so a sample has to do.
        CheckAll("by point", unindexed, [], [.. filters.Where((_, row) => row % 40 == 0)]);
    }

    private void CheckAll(string way, AttributeTable table, AttributeSchema[] schemas, (Predicate Written, int Matches)[] filters)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        foreach ((Predicate written, int matches) in filters)
        {
            int count = Count(table, written, schemas);
            if (count != matches)
            {
                Assert.Fail($"{way}, {written}: {count} matches instead of {matches}");
            }
        }

        TimeSpan spent = Environment.CpuUsage.TotalTime - before;
        output.WriteLine($"{filters.Length} filters {way}: {spent.TotalMicroseconds / filters.Length:F0} us of CPU each");
    }

    private static (Predicate Written, int Matches) ReadFilter(string line)
    {
        using JsonDocument row = JsonDocument.Parse(line);
        return (ReadPredicate(row.RootElement.GetProperty("pred")), row.RootElement.GetProperty("matches").GetInt32());
    }

    private static int Count(AttributeTable table, Predicate written, AttributeSchema[] schemas)
    {
        Faults faults = new();
        bool compiled = FilterCompiler.TryCompile(new FilterSpec(null, written), schemas, new EngineLimits(), faults, out Predicate? canonical);
        Assert.True(compiled, faults.Any ? faults.ToError().Message : "");
        OrdinalBitmap result = new();
        result.Reset(table.Length);
        table.Evaluate(canonical!, result, null, null, TestContext.Current.CancellationToken);
        return result.Count();
    }

    private static void Load(string path, AttributeTable indexed, AttributeTable unindexed)
    {
        using FileStream file = File.OpenRead(path);
        using GZipStream unzipped = new(file, CompressionMode.Decompress);
        using StreamReader reader = new(unzipped);
        uint ordinal = 0;
        while (reader.ReadLine() is string line)
        {
            using JsonDocument row = JsonDocument.Parse(line);
            Dictionary<string, AttributeValue> attributes = row.RootElement.EnumerateObject().ToDictionary(item => item.Name, item => ReadValue(item.Value));
            byte[]? blob = AttributeRules.CheckAndEncode(attributes, Schemas, new EngineLimits(), new Faults());
            Assert.NotNull(blob);
            indexed.Set(ordinal, blob);
            unindexed.Set(ordinal, blob);
            ordinal++;
        }
    }

    private static Predicate ReadPredicate(JsonElement node)
    {
        if (node.TryGetProperty("and", out JsonElement all))
        {
            return new Predicate.And([.. all.EnumerateArray().Select(ReadPredicate)]);
        }

        if (node.TryGetProperty("or", out JsonElement any))
        {
            return new Predicate.Or([.. any.EnumerateArray().Select(ReadPredicate)]);
        }

        if (node.TryGetProperty("not", out JsonElement operand))
        {
            return new Predicate.Not(ReadPredicate(operand));
        }

        string field = node.GetProperty("field").GetString()!;
        if (node.TryGetProperty("exists", out JsonElement exists))
        {
            Predicate present = new Predicate.Exists(field);
            return exists.GetBoolean() ? present : new Predicate.Not(present);
        }

        if (node.TryGetProperty("eq", out JsonElement value))
        {
            return new Predicate.Eq(field, ReadValue(value));
        }

        if (node.TryGetProperty("in", out JsonElement values))
        {
            return new Predicate.In(field, [.. values.EnumerateArray().Select(ReadValue)]);
        }

        JsonElement range = node.GetProperty("range");
        return new Predicate.Range(field, ReadBound(range, "gte", "gt"), ReadBound(range, "lte", "lt"));
    }

    private static Predicate.Bound ReadBound(JsonElement range, string inclusive, string exclusive)
    {
        if (range.TryGetProperty(inclusive, out JsonElement value))
        {
            return new Predicate.Bound(ReadValue(value), true);
        }

        return range.TryGetProperty(exclusive, out value) ? new Predicate.Bound(ReadValue(value), false) : default;
    }

    private static AttributeValue ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => AttributeValue.Of(value.GetString()!),
        JsonValueKind.Number => value.TryGetInt64(out long integer) ? AttributeValue.Of(integer) : AttributeValue.Of(value.GetDouble()),
        JsonValueKind.Array => AttributeValue.Of([.. value.EnumerateArray().Select(element => element.GetString()!)]),
        _ => AttributeValue.Of(value.GetBoolean()),
    };

    private static string DataFolder()
    {
        if (Environment.GetEnvironmentVariable("ANN_DATA") is string configured)
        {
            return configured;
        }

        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "AnnServer.sln")))
        {
            root = root.Parent;
        }

        return Path.GetFullPath(Path.Combine(root?.FullName ?? ".", "..", "shared", "data"));
    }
}
