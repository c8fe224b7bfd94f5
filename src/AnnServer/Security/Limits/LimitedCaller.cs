namespace AnnServer.Security.Limits;

/// <summary>
/// Who is limited together. New limits make another of it, so that they hold from the next call on; what was asked for under the old ones
/// is not counted any more.
/// </summary>
/// <param name="Kind">How the name is known: two kinds may have the same.</param>
internal readonly record struct LimitedCaller(string Kind, string Name, CallerLimits Limits);
