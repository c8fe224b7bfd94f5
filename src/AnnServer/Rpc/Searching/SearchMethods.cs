using System.Buffers;
using AnnServer.Hosting;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.Extensions.ObjectPool;

namespace AnnServer.Rpc.Searching;

/// <summary>
/// The methods that search, with messages of our own: generated ones cost as much time and memory as a small search, for the objects
/// that they make of each vector, hit and identifier.
/// </summary>
internal static class SearchMethods
{
    private const int KeptBytes = 64 * 1024;

    private static readonly ObjectPool<WireSearch> Searches = ObjectPool.Create<WireSearch>();
    private static readonly ObjectPool<WireSearchBatch> Batches = ObjectPool.Create<WireSearchBatch>();
    private static readonly ObjectPool<MessageWriter> Writers = ObjectPool.Create<MessageWriter>();

    /// <summary>Adds the method of a name to the service, if it is one of these.</summary>
    public static bool TryAdd(ServiceMethodProviderContext<PointsService> context, IMethod method, IList<object> metadata)
    {
        IList<object> turns = [.. metadata, TakesTurns.Instance];
        switch (method.Name)
        {
            case nameof(PointsService.Search):
                context.AddUnaryMethod(Method(method, Search), turns, static (service, call, server) => service.Search(call, server));
                return true;
            case nameof(PointsService.SearchBatch):
                context.AddUnaryMethod(Method(method, SearchBatch), turns, static (service, call, server) => service.SearchBatch(call, server));
                return true;
            case nameof(PointsService.SearchStream):
                context.AddDuplexStreamingMethod(
                    Method(method, Search),
                    metadata,
                    static (service, calls, answers, server) => EndedCall.IsNoFaultAsync(service.SearchStream(calls, answers, server), server));
                return true;
            default:
                return false;
        }
    }

    internal static Marshaller<WireSearch> Search { get; } = CheckedMarshaller.Create(WriteSearch, ReadSearch);

    internal static Marshaller<WireSearchBatch> SearchBatch { get; } = CheckedMarshaller.Create(WriteSearchBatch, ReadSearchBatch);

    private static Method<T, T> Method<T>(IMethod method, Marshaller<T> marshaller)
        where T : class => new(method.Type, method.ServiceName, method.Name, marshaller, marshaller);

    private static WireSearch ReadSearch(DeserializationContext context)
    {
        WireSearch search = Searches.Get();
        Read(context, search, static (message, search) => search.Read(message));
        return search;
    }

    private static WireSearchBatch ReadSearchBatch(DeserializationContext context)
    {
        WireSearchBatch batch = Batches.Get();
        Read(context, batch, static (message, batch) => batch.Read(message));
        return batch;
    }

    // The last that is done with a call; one that fails before is left to the garbage collector.
    private static void WriteSearch(WireSearch search, SerializationContext context)
    {
        Write(context, search, static (writer, search) => search.Write(writer));
        search.Clear();
        Searches.Return(search);
    }

    private static void WriteSearchBatch(WireSearchBatch batch, SerializationContext context)
    {
        Write(context, batch, static (writer, batch) => batch.Write(writer));
        batch.Clear();
        Batches.Return(batch);
    }

    private static void Read<T>(DeserializationContext context, T target, Action<ReadOnlySpan<byte>, T> read)
    {
        ReadOnlySequence<byte> payload = context.PayloadAsReadOnlySequence();
        if (payload.IsSingleSegment)
        {
            read(payload.FirstSpan, target);
            return;
        }

        byte[] whole = ArrayPool<byte>.Shared.Rent((int)payload.Length);
        payload.CopyTo(whole);
        read(whole.AsSpan(0, (int)payload.Length), target);
        ArrayPool<byte>.Shared.Return(whole);
    }

    private static void Write<T>(SerializationContext context, T source, Action<MessageWriter, T> write)
    {
        MessageWriter writer = Writers.Get();
        write(writer, source);
        context.SetPayloadLength(writer.Length);
        context.GetBufferWriter().Write(writer.Written);
        context.Complete();
        writer.Clear(KeptBytes);
        Writers.Return(writer);
    }
}
