using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>Keep the vectors of an index out of memory, but for those not yet moved; its codes and its graph stay.</summary>
/// <param name="Source">Where vectors are that have been moved.</param>
/// <param name="Memory">What the others are counted against.</param>
public sealed record VectorsOnDisk(IVectorSource Source, MemoryBudget Memory);
