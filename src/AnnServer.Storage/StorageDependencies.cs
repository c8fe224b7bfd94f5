using FASTER.core;
using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>What a log is opened with; the device is the seam for injected disk failures.</summary>
internal sealed record StorageDependencies(
    StorageOptions Options, ILogger Logger, TimeProvider Time, Func<string, IDevice> CreateDevice);
