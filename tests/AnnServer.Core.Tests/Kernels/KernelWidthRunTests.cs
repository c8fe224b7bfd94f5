using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using AnnServer.Core.Kernels;
using AnnServer.Core.Tests.Graph;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>Runs the tests of kernels, and of what else has a path for each width, again in processes that may use fewer instruction sets.</summary>
public sealed partial class KernelWidthRunTests
{
    [Fact]
    public Task KernelTests_WithoutAvx512_PassAt256Bits()
    {
        Assert.SkipUnless(Avx2.IsSupported, "This machine has no AVX2, so there is no 256-bit path to run.");
        return RunKernelTests(256, "DOTNET_EnableAVX512");
    }

    [Fact]
    public Task KernelTests_WithoutVnni_PassAtTheWidthThereIs()
    {
        Assert.SkipUnless(AvxVnni.IsSupported, "This machine has no VNNI to do without.");
        return RunKernelTests(KernelWidth.Bits, "DOTNET_EnableAVXVNNI");
    }

    [Fact]
    public Task KernelTests_WithoutVnniAndAvx512_PassAt256Bits()
    {
        Assert.SkipUnless(AvxVnni.IsSupported, "This machine has no VNNI to do without.");
        return RunKernelTests(256, "DOTNET_EnableAVX512", "DOTNET_EnableAVXVNNI");
    }

    [Fact]
    public Task KernelTests_WithoutAvx2_PassAt128Bits()
    {
        Assert.SkipUnless(X86Base.IsSupported, "DOTNET_EnableAVX2 means something on x86 only; on Arm the ordinary run is the 128-bit one.");
        return RunKernelTests(128, "DOTNET_EnableAVX2");
    }

    [Fact]
    public Task KernelTests_WithoutVectorInstructions_PassInScalar()
    {
        Assert.SkipUnless(KernelWidth.Bits > 0, "The ordinary run is the scalar one already.");
        return RunKernelTests(0, "DOTNET_EnableHWIntrinsic");
    }

    [GeneratedRegex(@"Total: (\d+)")]
    private static partial Regex TotalPattern { get; }

    private static async Task RunKernelTests(int expectedBits, params string[] disabledSwitches)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(TestExecutable()) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-noColor");
        Type[] kernelTests =
        [
            typeof(KernelWidthTests), typeof(SquaredEuclideanTests), typeof(NegativeDotTests), typeof(CodeKernelTests),
            typeof(NibbleKernelTests), typeof(QueryBlockTests), typeof(RotationTests), typeof(HalvesTests),
            typeof(PartSeekerTests),
            // To divide points takes a minute in scalar, by the same path as at 128 bits.
            .. expectedBits > 0 ? [typeof(PartitionTests)] : Type.EmptyTypes,
        ];
        foreach (Type tests in kernelTests)
        {
            start.ArgumentList.Add("-class");
            start.ArgumentList.Add(tests.FullName!);
        }

        foreach (string name in disabledSwitches)
        {
            start.Environment[name] = "0";
        }

        start.Environment[KernelWidthTests.ExpectedBitsVariable] = expectedBits.ToString();
        using Process run = Process.Start(start)!;
        try
        {
            Task<string> errors = run.StandardError.ReadToEndAsync(cancelled);
            string output = await run.StandardOutput.ReadToEndAsync(cancelled);
            output += await errors;
            await run.WaitForExitAsync(cancelled);

            Assert.True(run.ExitCode == 0, $"Exit code {run.ExitCode} without {string.Join(", ", disabledSwitches)}:\n{output}");
            Match total = TotalPattern.Match(output);
            Assert.True(total.Success && int.Parse(total.Groups[1].Value) > 0, $"No test ran without {string.Join(", ", disabledSwitches)}:\n{output}");
        }
        finally
        {
            if (!run.HasExited)
            {
                run.Kill();
            }
        }
    }

    private static string TestExecutable()
    {
        string name = typeof(KernelWidthRunTests).Assembly.GetName().Name!;
        return Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? name + ".exe" : name);
    }
}
