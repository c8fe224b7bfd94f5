using System.Text.RegularExpressions;
using AnnServer.FunctionalTests.Infrastructure;

namespace AnnServer.FunctionalTests.Repository;

/// <summary>Documents drift; a path that they name has to exist.</summary>
public sealed partial class DocumentTests
{
    // Made by running things, so not in the repository.
    private static readonly string[] Produced = ["artifacts/", "data/", "./data"];

    [Fact]
    public void Paths_NamedInTheDocuments_Exist()
    {
        List<string> missing = [];
        int looked = 0;
        foreach (string document in Directory.EnumerateFiles(Checkout.Root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(Checkout.Root, "deploy"), "*.md")))
        {
            foreach (Match match in InBackticks().Matches(File.ReadAllText(document)))
            {
                string path = match.Groups["path"].Value;
                if (LooksLikeOurs(path))
                {
                    looked++;
                    if (!Exists(path))
                    {
                        missing.Add($"{Path.GetFileName(document)}: {path}");
                    }
                }
            }
        }

        Assert.Empty(missing);
        Assert.True(looked > 0 || !File.Exists(Path.Combine(Checkout.Root, "README.md")), "README.md names no path at all: the pattern is broken.");
    }

    /// <summary>Starts with a folder or file of the top level, as in <c>src/AnnServer</c>; commands and settings do not.</summary>
    private static bool LooksLikeOurs(string path)
    {
        string first = path.Split('/')[0];
        return path.Contains('/', StringComparison.Ordinal) && first.Length > 0
            && !Array.Exists(Produced, prefix => path.StartsWith(prefix, StringComparison.Ordinal))
            && (first is "src" or "protos" or "tests" or "deploy" or "benchmarks" or ".ci" || Path.Exists(Path.Combine(Checkout.Root, first)));
    }

    /// <summary>A star stands for any part of a name.</summary>
    private static bool Exists(string path)
    {
        string trimmed = path.TrimEnd('/');
        if (!trimmed.Contains('*', StringComparison.Ordinal))
        {
            return Path.Exists(Path.Combine(Checkout.Root, trimmed));
        }

        string folder = Path.Combine(Checkout.Root, Path.GetDirectoryName(trimmed[..trimmed.IndexOf('*', StringComparison.Ordinal)]) ?? "");
        return Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();
    }

    [GeneratedRegex("`(?<path>[A-Za-z0-9_./*-]+)`")]
    private static partial Regex InBackticks();
}
