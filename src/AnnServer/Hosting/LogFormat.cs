namespace AnnServer.Hosting;

internal enum LogFormat
{
    Text,
    Json,
}
