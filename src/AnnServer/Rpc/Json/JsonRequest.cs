using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using AnnServer.Engine.Model;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.Net.Http.Headers;

namespace AnnServer.Rpc.Json;

/// <summary>Makes the message of an rpc from a request in JSON. What the message does not have is refused: a filter with a slip in its name must not be none.</summary>
internal static class JsonRequest
{
    // Strict about its bytes: what is no UTF-8 would else be stored as replacement characters.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="RpcException">INVALID_ARGUMENT, or RESOURCE_EXHAUSTED for what is too large.</exception>
    public static async Task<IMessage> ReadAsync(HttpContext context, HttpBinding binding, int maxMessageBytes)
    {
        if (context.Request.Query.Count > 0)
        {
            throw Invalid($"This call has no query parameters: '{context.Request.Query.Keys.First()}'.");
        }

        IMessage message = Empty(binding.Method.InputType);
        if (binding.HasBody)
        {
            IMessage body = await ReadBodyAsync(context.Request, binding.BodyField?.MessageType ?? message.Descriptor, maxMessageBytes, context.RequestAborted);
            if (binding.BodyField is { } field)
            {
                field.Accessor.SetValue(message, body);
            }
            else
            {
                message = body;
            }
        }

        foreach (FieldDescriptor field in binding.PathFields)
        {
            BindPath(message, field, (string)context.GetRouteValue(field.Name)!);
        }

        return message;
    }

    private static async Task<IMessage> ReadBodyAsync(HttpRequest request, MessageDescriptor type, int maxMessageBytes, CancellationToken cancellation)
    {
        // A page of another origin can send other types without asking first.
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? media)
            || !media.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (media.Charset.HasValue && !media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw Invalid($"The content type is '{request.ContentType}'; allowed: application/json, in UTF-8.");
        }

        // What is allowed is not there any more: the body is what it stands for.
        if (request.Headers.ContentEncoding.Count > 0)
        {
            throw Invalid($"The content encoding is '{request.Headers.ContentEncoding}'; allowed: gzip, deflate or none.");
        }

        if (request.ContentLength > maxMessageBytes)
        {
            throw TooLarge(maxMessageBytes);
        }

        PipeReader reader = request.BodyReader;
        ReadResult read = await ReadAsync(reader, maxMessageBytes + 1, cancellation);
        try
        {
            return read.Buffer.Length > maxMessageBytes ? throw TooLarge(maxMessageBytes)
                : read.Buffer.IsEmpty ? Empty(type)
                : Parse(read.Buffer, type);
        }
        finally
        {
            reader.AdvanceTo(read.Buffer.End);
        }
    }

    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, int atLeast, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadAtLeastAsync(atLeast, cancellation);
        }
        catch (InvalidDataException)
        {
            throw Invalid("The body cannot be read: it is not compressed as content-encoding says.");
        }
    }

    private static IMessage Parse(in ReadOnlySequence<byte> json, MessageDescriptor type)
    {
        try
        {
            using StreamReader text = new(PipeReader.Create(json).AsStream(), Utf8, detectEncodingFromByteOrderMarks: false);
            return JsonParser.Default.Parse(text, type);
        }
        catch (Exception e) when (e is InvalidJsonException or InvalidProtocolBufferException or DecoderFallbackException)
        {
            throw Invalid($"The JSON cannot be read: {e.Message}");
        }
    }

    private static void BindPath(IMessage message, FieldDescriptor field, string value)
    {
        string inBody = (string)field.Accessor.GetValue(message);
        if (inBody.Length > 0 && inBody != value)
        {
            Faults faults = new();
            faults.Add(field.Name, $"'{inBody}' in the body and '{value}' in the path.");
            throw StatusMapper.ToException(faults.ToError());
        }

        field.Accessor.SetValue(message, value);
    }

    private static IMessage Empty(MessageDescriptor type) => type.Parser.ParseFrom(ByteString.Empty);

    private static RpcException Invalid(string text) => StatusMapper.ToException(EngineError.Of(EngineStatus.InvalidArgument, text));

    // Not through the mapper, whose advice to come again would be wrong.
    private static RpcException TooLarge(int maxMessageBytes) => new(new Status(
        StatusCode.ResourceExhausted, $"The body has more than {maxMessageBytes} bytes, which is all that it may (Ann:MaxMessageBytes)."));
}
