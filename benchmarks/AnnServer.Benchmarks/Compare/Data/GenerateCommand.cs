using System.CommandLine;
using System.Text.Json;

namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>Makes one of the generated sets, unless it is already there as this program would make it.</summary>
internal sealed class GenerateCommand
{
    public const string Name = "generate";

    // The ground truth of every set is this deep.
    private const int Depth = 100;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly Option<string> _kind = new("--kind") { Description = "What to make.", Required = true };
    private readonly Option<string> _out = new("--out") { Description = "Folder of the data set.", Required = true };

    public Command Build()
    {
        _kind.AcceptOnlyFromAmong([.. ManifoldSpec.Known.Select(spec => spec.Name)]);
        Command command = new(Name, "Generate a data set with exact ground truth.");
        command.Options.Add(_kind);
        command.Options.Add(_out);
        command.SetAction(parsed => Write(
            ManifoldSpec.Known.First(spec => spec.Name == parsed.GetRequiredValue(_kind)), parsed.GetRequiredValue(_out)));
        return command;
    }

    public static void Write(ManifoldSpec spec, string folder)
    {
        // Written last: a folder that has it is whole, and was made of this specification if it says so.
        string made = Path.Combine(folder, "meta.json");
        string description = JsonSerializer.Serialize(spec, Json);
        if (File.Exists(made) && File.ReadAllText(made) == description)
            return;
        Directory.CreateDirectory(folder);
        File.Delete(made);

        ManifoldGenerator generator = new(spec);
        float[] rows = new float[spec.Rows * spec.Dimension];
        float[] queries = new float[spec.Queries * spec.Dimension];
        generator.Fill(0, rows);
        generator.Fill(spec.Rows, queries);
        DataSetWriter.WriteVectors(Path.Combine(folder, "base.fvecs"), rows, spec.Dimension);
        DataSetWriter.WriteVectors(Path.Combine(folder, "query.fvecs"), queries, spec.Dimension);
        ExactNeighbours neighbours = new(ContenderOptions.ScoreOf(spec.Metric), rows, spec.Dimension);
        DataSetWriter.WriteTruth(folder, spec.Metric, neighbours.Find(queries, Depth));
        File.WriteAllText(made, description);
    }
}
