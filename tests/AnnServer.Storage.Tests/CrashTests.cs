using System.Diagnostics;
using System.Globalization;

namespace AnnServer.Storage.Tests;

public sealed class CrashTests
{
    [Fact]
    public async Task Kill_AWritingProcessAgainAndAgain_LosesNothingAcknowledged()
    {
        const int Rounds = 6;
        const int AcknowledgedPerRound = 300;
        using var folder = new TempFolder();
        ulong acknowledged = 0;
        for (int round = 0; round < Rounds; round++)
        {
            acknowledged = await WriteAndKill(folder.Path, acknowledged, AcknowledgedPerRound + round * 17);
        }

        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        TestLog.AssertRecords(records);
        Assert.True((ulong)records.Count >= acknowledged, $"{records.Count} records, {acknowledged} acknowledged");
        Assert.True(records.Count >= Rounds * AcknowledgedPerRound);
    }

    private static async Task<ulong> WriteAndKill(string folder, ulong acknowledgedBefore, int lines)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(CrashTests).Assembly.Location);
        }

        start.Environment[CrashWriter.FolderVariable] = folder;
        using Process writer = Process.Start(start)!;
        try
        {
            ulong last = await NextLine(writer, cancellation);
            Assert.True(last >= acknowledgedBefore, $"{last} records recovered, {acknowledgedBefore} acknowledged");
            for (int i = 0; i < lines; i++)
            {
                last = await NextLine(writer, cancellation);
            }

            return last;
        }
        finally
        {
            // SIGKILL on Unix, TerminateProcess on Windows: no handler of the process runs.
            writer.Kill();
            await writer.WaitForExitAsync(cancellation);
        }
    }

    private static async Task<ulong> NextLine(Process writer, CancellationToken cancellation)
    {
        string? line = await writer.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(TestLog.Patience, cancellation);
        if (line is null)
        {
            Assert.Fail("The writer ended by itself: " + await writer.StandardError.ReadToEndAsync(cancellation));
        }

        return ulong.Parse(line, CultureInfo.InvariantCulture);
    }
}
