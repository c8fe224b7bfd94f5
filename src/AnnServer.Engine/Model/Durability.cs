namespace AnnServer.Engine.Model;

/// <summary>
/// What has become of a write when it is answered. In every mode it is applied, seen by every later read, and lost only together with
/// all that came after it; a store that is closed in order has everything.
/// </summary>
public enum Durability
{
    /// <summary>On stable storage: no crash takes it back.</summary>
    Fsynced,

    /// <summary>On its way to stable storage. A crash within that flush, which takes milliseconds, loses it.</summary>
    Logged,

    /// <summary>
    /// In memory. It is flushed with the next write that asks for more, and after <see cref="DatabaseOptions.FlushInterval"/> at the
    /// latest; a crash before loses it.
    /// </summary>
    Memory,
}
