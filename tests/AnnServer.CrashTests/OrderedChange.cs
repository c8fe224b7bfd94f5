namespace AnnServer.CrashTests;

/// <summary>One change that is one record of the log.</summary>
/// <param name="State">What the point is after it; null deletes it.</param>
/// <param name="OnlyAttributes">Whether the change leaves the vector alone.</param>
internal sealed record OrderedChange(ulong Id, PointState? State, bool OnlyAttributes);
