namespace AnnServer.LoadGen.Soak;

/// <summary>What a point is to be.</summary>
/// <param name="Row">Of the vectors.</param>
/// <param name="Number">Of the write that made it so: no two writes have the same.</param>
internal readonly record struct PointVersion(int Row, long Number);
