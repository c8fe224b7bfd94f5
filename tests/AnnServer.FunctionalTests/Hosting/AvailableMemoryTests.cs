using AnnServer.Hosting;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class AvailableMemoryTests
{
    [Theory]
    [InlineData("0::/", "/sys/fs/cgroup/memory.max=1000", 1000)]
    [InlineData("0::/", "/sys/fs/cgroup/memory.max=max\n", long.MaxValue)]
    [InlineData("0::/a/b", "/sys/fs/cgroup/a/b/memory.max=max;/sys/fs/cgroup/a/memory.max=700\n;/sys/fs/cgroup/memory.max=1000", 700)]
    [InlineData("0::/a/b", "/sys/fs/cgroup/a/b/memory.max=500;/sys/fs/cgroup/a/memory.max=700", 500)]
    // The path of the host, seen from within a container.
    [InlineData("0::/docker/1234", "/sys/fs/cgroup/memory.max=900", 900)]
    [InlineData("9:memory:/a", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes=300", 300)]
    [InlineData("4:cpu,memory:/", "/sys/fs/cgroup/memory/memory.limit_in_bytes=200;/sys/fs/cgroup/memory.max=1", 200)]
    [InlineData("3:cpu:/a", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes=300", long.MaxValue)]
    [InlineData("nonsense", "", long.MaxValue)]
    public void OfGroup_Files_IsTheLeastLimitOnTheWay(string groups, string files, long expected)
    {
        Dictionary<string, string> contents = files.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(file => file.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);

        Assert.Equal(expected, AvailableMemory.OfGroup([groups], contents.GetValueOrDefault));
    }

    [Fact]
    public void Limit_Setting_ComesFirstAndOtherwiseThereIsOne()
    {
        Assert.Equal(12345, AvailableMemory.Limit(new ServerOptions { MemoryLimitBytes = 12345 }));
        Assert.InRange(AvailableMemory.Limit(new ServerOptions()), 1 << 20, 1L << 50);
    }
}
