using System.ComponentModel;
using System.Diagnostics;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>A file system in memory of a few megabytes, gone at the end of the test.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    /// <summary>Skips the test where nothing can be mounted: outside Linux, and without the rights of root.</summary>
    public static SmallDisk MountOrSkip(int megabytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has file systems in memory that a test can mount.");
        string path = Directory.CreateTempSubdirectory("ann-disk-").FullName;
        string error = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "ann-test", path);
        if (error.Length > 0)
        {
            Directory.Delete(path);
            Assert.Skip($"A file system of its own cannot be mounted here: {error}");
        }

        return new SmallDisk(path);
    }

    public void Dispose()
    {
        Assert.Equal("", Run("umount", Path));
        Directory.Delete(Path);
    }

    // What went wrong, or nothing.
    private static string Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? "" : $"{program} ended with {process.ExitCode}: {error.Trim()}";
        }
        catch (Win32Exception error)
        {
            return $"{program}: {error.Message}";
        }
    }
}
