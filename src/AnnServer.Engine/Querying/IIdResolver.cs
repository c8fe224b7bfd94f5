using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Finds the points a filter names. Called while the attribute table's lock is held; must not call back into the table.</summary>
internal interface IIdResolver
{
    bool TryResolve(PointId id, out uint ordinal);
}
