using AnnServer.LoadGen.Processes;

namespace AnnServer.LoadGen.Tests.Processes;

public sealed class ProcessSampleTests
{
    [Fact]
    public void Parse_Status_TakesItsFigures()
    {
        const string status = "Name:\tAnn: Server\nVmRSS:\t   1024 kB\nRssAnon:\t     512 kB\nThreads:\t29\nvoluntary_ctxt_switches:\t3\n";

        Assert.Equal(new ProcessSample(1024 * 1024, 512 * 1024, 29, 7), ProcessSample.Parse(status, handles: 7));
    }

    [Fact]
    public void Parse_StatusOfAZombie_IsRefused()
    {
        Assert.Throws<InvalidDataException>(() => ProcessSample.Parse("Name:\tx\nThreads:\t1\n", handles: 0));
    }

    [Fact]
    public void Read_ThisProcess_IsPlausible()
    {
        ProcessSample sample = ProcessSample.Read(Environment.ProcessId);

        Assert.InRange(sample.AnonymousBytes, 1, sample.ResidentBytes);
        Assert.InRange(sample.Threads, 2, 10_000);
        Assert.InRange(sample.Handles, 3, 100_000);
    }

    [Fact]
    public void FolderSize_OfFilesAtAnyDepth_IsTheirSum()
    {
        string folder = Directory.CreateTempSubdirectory("ann-size-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "a", "b"));
        File.WriteAllBytes(Path.Combine(folder, "one"), new byte[10]);
        File.WriteAllBytes(Path.Combine(folder, "a", "b", "two"), new byte[7]);

        long bytes = FolderSize.Of(folder);
        Directory.Delete(folder, recursive: true);

        Assert.Equal(17, bytes);
    }

    [Theory]
    [InlineData("/x/AnnServer", null, "/x/AnnServer")]
    [InlineData("/x/AnnServer.dll", null, "dotnet /x/AnnServer.dll")]
    [InlineData("/x/AnnServer", "0", "taskset -c 0 /x/AnnServer")]
    public void Command_OfALaunch_IsTheServerBehindWhatItNeeds(string path, string? processors, string beginning)
    {
        ServerLaunch launch = new(path, "/data", processors, ["Ann:MaxCallsInFlight=5"], LogPath: null, GrpcPort: 4, HttpPort: 5);

        (string file, IReadOnlyList<string> arguments) = launch.Command;

        Assert.Equal(
            $"{beginning} --Ann:DataDirectory=/data --Ann:GrpcPort=4 --Ann:HttpPort=5 --Ann:MaxCallsInFlight=5",
            $"{file} {string.Join(' ', arguments)}");
    }
}
