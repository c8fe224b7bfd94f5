namespace AnnServer.LoadGen.Overload;

/// <summary>Types of HTTP/2 frames that a server sends, by their numbers.</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
}
