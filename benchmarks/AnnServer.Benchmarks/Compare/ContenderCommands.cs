namespace AnnServer.Benchmarks.Compare;

/// <summary>How contenders are started: a program of its own, or this one in its contender mode.</summary>
internal static class ContenderCommands
{
    public const string Known =
        "hnswlib, faiss-hnsw-flat, faiss-hnsw-sq8, faiss-hnsw-sq8-refine, faiss-ivfpq-fs, usearch-f32, usearch-i8, "
        + InProcessContenders.Known;

    private const string Programs = "artifacts/bin";

    public static IReadOnlyList<string> Of(string name)
    {
        if (name is "hnswlib" or "usearch-f32" or "usearch-i8")
            return [$"{Programs}/{name}/contender", "--kind", name];
        if (name.StartsWith("faiss-", StringComparison.Ordinal))
            return [$"{Programs}/faiss/contender", "--kind", name];
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        string assembly = typeof(ContenderCommands).Assembly.Location;
        bool startedByHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return startedByHost
            ? [program, assembly, ContenderCommand.Name, "--kind", name]
            : [program, ContenderCommand.Name, "--kind", name];
    }
}
