namespace AnnServer.Benchmarks.Compare;

/// <summary>The line a contender prints when its index stands.</summary>
internal sealed record ContenderReady(
    bool Ready, string Contender, string Version, int N, int Dim, int Queries, string Params, double BuildCpuS, double BytesPerVector);
