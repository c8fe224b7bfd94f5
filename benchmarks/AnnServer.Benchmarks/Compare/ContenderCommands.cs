namespace AnnServer.Benchmarks.Compare;

/// <summary>How contenders are started: a program of its own, or this one in its contender mode.</summary>
internal static class ContenderCommands
{
    public const string Known = "hnswlib, " + InProcessContenders.Known;

    private const string HnswlibProgram = "artifacts/bin/hnswlib/contender";

    public static IReadOnlyList<string> Of(string name)
    {
        if (name == "hnswlib")
            return [HnswlibProgram];
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        string assembly = typeof(ContenderCommands).Assembly.Location;
        bool startedByHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return startedByHost
            ? [program, assembly, ContenderCommand.Name, "--kind", name]
            : [program, ContenderCommand.Name, "--kind", name];
    }
}
