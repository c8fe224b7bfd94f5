namespace AnnServer.LoadGen.Soak;

/// <summary>An end of the server and the start after it.</summary>
/// <param name="ExitCode">After SIGTERM; null where it outlived the grace period, and after SIGKILL.</param>
/// <param name="ExitSeconds">From the signal to the end.</param>
/// <param name="ReadySeconds">Null for the end of the run.</param>
internal sealed record SoakRestart(double Seconds, bool IsKill, int? ExitCode, double ExitSeconds, double? ReadySeconds);
