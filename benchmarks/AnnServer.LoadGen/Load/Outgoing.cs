namespace AnnServer.LoadGen.Load;

/// <summary>One message to send: its number within the run, and the timestamp its latency counts from.</summary>
internal readonly record struct Outgoing<TMessage>(TMessage Message, long Number, long Due);
