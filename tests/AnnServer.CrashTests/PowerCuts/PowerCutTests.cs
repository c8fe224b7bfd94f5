using Grpc.Net.Client;

namespace AnnServer.CrashTests.PowerCuts;

/// <summary>
/// The server writes to a disk of its own, whose power is cut: everything that the kernel holds in memory is gone, the process with it.
/// What the server acknowledged is there after the next start, what it never got is not.
/// </summary>
public sealed class PowerCutTests
{
    private const int CutsPerDisk = 25;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PowerCut_DuringWritesAndCheckpoints_LosesNothingAcknowledgedAndMuchThatWasNeverFlushed()
    {
        if (LoopDisk.WhyNot() is { } reason)
        {
            Assert.Skip($"A power cut {reason}.");
        }

        var tally = new CrashTally("power cut, two threads plan");
        (long written, long lost) = (0, 0);
        for (int done = 0; done < Laboratory.PowerCuts; done += CutsPerDisk)
        {
            int cuts = Math.Min(CutsPerDisk, Laboratory.PowerCuts - done);
            var load = new WriteLoad(Laboratory.Seed + done);
            using LoopDisk disk = LoopDisk.Create();
            for (int round = 0; round <= cuts; round++)
            {
                string control = Path.Combine(disk.MountPoint, $"control-{round}");
                await using ServerProcess server = await ServerProcess.StartAsync(
                    Path.Combine(disk.MountPoint, "data"), planningThreads: 2, Cancellation);
                tally.Started(server.TimeToReady);
                using GrpcChannel channel = server.Connect();
                await load.RecoverAsync(channel);
                if (round < cuts)
                {
                    long numbers = await WriteAndCutAsync(disk, server, load, control);
                    long kept = ForgetfulWriter.Read(control);
                    // A cut that loses nothing has cut nothing.
                    Assert.InRange(kept, 0, numbers - 1);
                    (written, lost) = (written + numbers, lost + numbers - kept);
                }
            }

            load.AssertWasBusy(cuts);
            tally.Add(load, cuts);
        }

        await Laboratory.ReportAsync("power-cuts", tally.ToRow($"{lost} of {written} numbers written beside it without a flush are lost"));
    }

    // How many numbers the control has written.
    private static async Task<long> WriteAndCutAsync(LoopDisk disk, ServerProcess server, WriteLoad load, string control)
    {
        long written = 0;
        await using (var forgetful = new ForgetfulWriter(control))
        {
            await load.WriteAsync(server, async () =>
            {
                await server.SuspendAsync();
                await forgetful.StopAsync();
                written = forgetful.Written;
                disk.CutPower();
                await server.KillAsync();
            });
        }

        disk.RestorePower();
        return written;
    }
}
