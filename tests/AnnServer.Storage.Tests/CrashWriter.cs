using System.Globalization;
using System.Runtime.CompilerServices;

namespace AnnServer.Storage.Tests;

/// <summary>
/// The process that is killed: the test program started with this variable writes to the log of that folder for ever and
/// prints each LSN only after it is durable.
/// </summary>
internal static class CrashWriter
{
    public const string FolderVariable = "ANN_STORAGE_CRASH_FOLDER";

    // Runs before the test framework's entry point. Everything here stays on this thread: others would wait for it.
    [ModuleInitializer]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { Length: > 0 } folder)
        {
            return;
        }

        TextWriter acknowledged = Console.Out;
        OperationLog log = TestLog.OpenReplayed(folder, out List<StoredRecord> records);
        acknowledged.WriteLine(records.Count.ToString(CultureInfo.InvariantCulture));
        var waits = new Queue<(ulong Lsn, Task Durable)>();
        while (true)
        {
            ulong lsn = TestLog.AppendNext(log);
            waits.Enqueue((lsn, log.WaitDurableAsync(lsn).AsTask()));
            if (waits.Count > 8)
            {
                (ulong oldest, Task durable) = waits.Dequeue();
                durable.GetAwaiter().GetResult();
                acknowledged.WriteLine(oldest.ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}
