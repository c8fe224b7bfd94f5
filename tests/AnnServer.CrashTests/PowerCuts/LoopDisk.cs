using System.Diagnostics;
using System.Globalization;

namespace AnnServer.CrashTests.PowerCuts;

/// <summary>
/// A disk in a file, with a file system of its own, mounted in a temporary folder. A power cut is a copy of the file: what the kernel
/// still holds in memory, and would have written later, is not in it.
/// </summary>
/// <remarks>
/// What has reached the device is in the copy, flushed or not, in the order in which it arrived: a cache inside the disk that loses or
/// reorders writes is not part of this.
/// </remarks>
internal sealed class LoopDisk : IDisposable
{
    private const long Bytes = 1L << 30;

    private readonly string _folder = Directory.CreateTempSubdirectory("ann-disk-").FullName;
    private string? _device;

    private LoopDisk() => Directory.CreateDirectory(MountPoint);

    public string MountPoint => Path.Combine(_folder, "mounted");

    private string Image => Path.Combine(_folder, "image");

    private string Copy => Path.Combine(_folder, "copy");

    /// <summary>Why there can be no such disk here, or null.</summary>
    public static string? WhyNot() =>
        !OperatingSystem.IsLinux() ? "needs Linux: a disk in a file is a loop device with ext4"
        : !MayMount() ? "needs root with the right to mount (CAP_SYS_ADMIN)"
        : !File.Exists("/dev/loop-control") ? "needs loop devices: there is no /dev/loop-control"
        : !File.Exists("/sbin/mkfs.ext4") && !File.Exists("/usr/sbin/mkfs.ext4") ? "needs mkfs.ext4 (package e2fsprogs)"
        : null;

    public static LoopDisk Create()
    {
        var disk = new LoopDisk();
        try
        {
            using (FileStream image = File.Create(disk.Image))
            {
                image.SetLength(Bytes);
            }

            // Nothing is left for the kernel to set up in the background.
            Run("mkfs.ext4", "-q", "-F", "-J", "size=16", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk.Image);
            disk.Mount();
            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Takes the copy, while nobody writes: the file system stays mounted, and dirty pages stay in memory.</summary>
    public void CutPower()
    {
        string before;
        do
        {
            // The kernel may write back on its own; a copy that was made meanwhile is of no moment at all.
            before = Writes();
            Run("cp", "--sparse=auto", Image, Copy);
        }
        while (Writes() != before);
    }

    /// <summary>The copy takes the place of the disk. Nobody may use the old one any more.</summary>
    public void RestorePower()
    {
        Unmount();
        File.Move(Copy, Image, overwrite: true);
        Mount();
    }

    public void Dispose()
    {
        Unmount();
        Directory.Delete(_folder, recursive: true);
    }

    private void Mount()
    {
        // No commit of the journal for its age, so that only what was flushed survives.
        Run("mount", "-o", "loop,commit=300,noinit_itable", Image, MountPoint);
        _device = File.ReadLines("/proc/mounts").Select(static line => line.Split(' ')).Last(fields => fields[1] == MountPoint)[0];
    }

    // The loop device goes with the mount.
    private void Unmount()
    {
        if (_device is not null)
        {
            Run("umount", MountPoint);
            _device = null;
        }
    }

    private static bool MayMount()
    {
        const string Effective = "CapEff:";
        const int SysAdmin = 21;
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith(Effective, StringComparison.Ordinal));
        ulong capabilities = ulong.Parse(line.AsSpan(Effective.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return Environment.IsPrivilegedProcess && (capabilities & (1UL << SysAdmin)) != 0;
    }

    // What the device has written and is writing.
    private string Writes()
    {
        string[] fields = File.ReadAllText($"/sys/block/{Path.GetFileName(_device)}/stat").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Create(CultureInfo.InvariantCulture, $"{fields[4]} writes, {fields[6]} sectors, {fields[8]} in flight");
    }

    private static void Run(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{command} {string.Join(' ', arguments)} failed: {error.Trim()}");
        }
    }
}
