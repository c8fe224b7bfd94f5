namespace AnnServer.Benchmarks.Filters.Grid;

/// <summary>Forms of a filter; <see cref="FilterGrid"/> says how each is made.</summary>
internal enum Shape
{
    Equality,
    And,
    Or,
    Range,
    In,
    Not,
    Correlated,
    AntiCorrelated,
}
