using System.Buffers;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc.Searching;

/// <summary>A message that has arrived in pieces.</summary>
internal sealed class ArrivedMessage(byte[] message, params ReadOnlySpan<int> cuts) : DeserializationContext
{
    private readonly ReadOnlySequence<byte> _payload = Cut(message, cuts);

    public override int PayloadLength => message.Length;

    public override byte[] PayloadAsNewBuffer() => message;

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    private static ReadOnlySequence<byte> Cut(byte[] message, ReadOnlySpan<int> cuts)
    {
        Piece first = new(message.AsMemory(0, cuts.IsEmpty ? message.Length : cuts[0]), 0);
        Piece last = first;
        for (int i = 0; i < cuts.Length; i++)
        {
            last = last.Append(message.AsMemory(cuts[i]..(i + 1 < cuts.Length ? cuts[i + 1] : message.Length)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            Piece next = new(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}

/// <summary>Takes a message that leaves.</summary>
internal sealed class LeavingMessage : SerializationContext
{
    private readonly ArrayBufferWriter<byte> _written = new(64 * 1024);
    private int _announced = -1;

    public ReadOnlySpan<byte> Written => _written.WrittenSpan;

    /// <summary>Whether it was complete, and as long as announced.</summary>
    public bool IsComplete { get; private set; }

    public void Clear()
    {
        _written.ResetWrittenCount();
        (_announced, IsComplete) = (-1, false);
    }

    public override void SetPayloadLength(int payloadLength) => _announced = payloadLength;

    public override IBufferWriter<byte> GetBufferWriter() => _written;

    public override void Complete() => IsComplete = _written.WrittenCount == _announced;

    public override void Complete(byte[] payload) => throw new NotSupportedException("The server writes into buffers.");
}
