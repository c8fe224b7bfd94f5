using AnnServer.Smoke;

// Usage: AnnServer.Smoke COMMAND [ARGUMENT...], where the command starts a server that prints its addresses in one line.
// Prints a line for each check and the line "N passed, N failed" at the end; exits 0 only if none failed.
if (args.Length == 0)
{
    await Console.Error.WriteLineAsync("usage: AnnServer.Smoke COMMAND [ARGUMENT...]");
    return 2;
}

Checks checks = new();
using CancellationTokenSource timeout = new(TimeSpan.FromMinutes(5));
await SmokeRun.RunAsync(args, checks, timeout.Token);
Console.WriteLine(checks.Summary);
return checks.Failed == 0 ? 0 : 1;
