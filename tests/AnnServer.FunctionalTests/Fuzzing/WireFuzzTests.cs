using AnnServer.FunctionalTests.Rpc.Searching;
using AnnServer.Protocol.V1;
using AnnServer.Rpc.Searching;
using AnnServer.Testing;
using AnnServer.Testing.Fuzzing;
using Google.Protobuf;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// Damaged messages of searches, read by our readers and by the generated parsers: both read the same, or both refuse. What only the limit
/// on nesting tells apart is left out: a filter is read by a parser of its own, which counts from there. So is a list of numbers with a
/// negative length, which the generated parsers take for an empty one.
/// </summary>
public sealed class WireFuzzTests
{
    private const string Accepted = "accepted";
    private const string TooDeep = "too many levels of nesting";
    private const string Negative = "a length is negative";

    private static readonly int Inputs = LaboratoryVariables.Number("ANN_FUZZ_MESSAGES", 20_000);

    private static readonly RandomMessages Messages = new(["points", "größer 𝛼", ""], ["year > 2000", "lang = en OR lang = fr", "("]);

    [Fact]
    public async Task Read_DamagedMessages_AsTheGeneratedParsersDo()
    {
        FuzzRun run = new("messages", Inputs, FuzzRun.Own);

        run.ForEach(index => Read(FuzzRun.RandomOf(index)));

        TestContext.Current.TestOutputHelper?.WriteLine(await run.EndAsync(TestContext.Current.CancellationToken));
        Assert.True(Inputs < 1000 || run.Count(Accepted) > Inputs / 20, "Hardly a message is read.");
        Assert.True(Inputs < 1000 || run.Count(Accepted) < Inputs * 3 / 4, "Hardly a message is refused.");
    }

    [Fact]
    public void Difference_OfOtherMessages_IsFound()
    {
        SearchRequest expected = new() { Collection = "c", K = 3, Vector = new Vector { Values = { 1, 2 } } };
        WireSearch actual = new();
        actual.Read(new SearchRequest(expected) { Vector = new Vector { Values = { 1, 3 } } }.ToByteArray());

        Assert.Equal("vector", SearchReadings.Difference(expected, actual));
    }

    private static string Read(Random random) => random.Next(3) == 0
        ? Read(SearchBatchRequest.Parser, SearchMethods.SearchBatch, SearchReadings.Difference, random)
        : Read(SearchRequest.Parser, SearchMethods.Search, SearchReadings.Difference, random);

    private static string Read<TExpected, TActual>(
        MessageParser<TExpected> parser, Marshaller<TActual> marshaller, Func<TExpected, TActual, string?> difference, Random random)
        where TExpected : class, IMessage<TExpected>, new()
        where TActual : class
    {
        byte[] whole = Messages.Next(new TExpected().Descriptor, random).ToByteArray();
        byte[] message = random.Next(20) == 0 ? whole : WireMutations.Mutate(whole, whole, random);
        TExpected? expected = Parse(parser, message, out string refusal);
        TActual? actual = Read(marshaller, message, random, out string ours);
        bool isTooDeep = expected is null && refusal.Contains(TooDeep, StringComparison.Ordinal);
        bool isNegative = actual is null && ours.Contains(Negative, StringComparison.Ordinal);

        Assert.True(
            isTooDeep || isNegative || expected is null == actual is null,
            $"The generated parser: {refusal}, ours: {ours}, message {Convert.ToHexString(message)}");
        if (expected is not null && actual is not null && difference(expected, actual) is { } field)
        {
            Assert.Fail($"{field} differs: {Convert.ToHexString(message)}");
        }

        if (actual is not null)
        {
            // Back to where the next is taken from, as after an answer.
            marshaller.ContextualSerializer(actual, new LeavingMessage());
        }

        return isTooDeep ? "refused: nested too deep" : actual is not null ? Accepted : "refused: INVALID_ARGUMENT";
    }

    private static T? Parse<T>(MessageParser<T> parser, byte[] message, out string refusal)
        where T : class, IMessage<T>
    {
        refusal = "";
        try
        {
            return parser.ParseFrom(message);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidOperationException)
        {
            refusal = e.Message;
            return null;
        }
    }

    private static T? Read<T>(Marshaller<T> marshaller, byte[] message, Random random, out string refusal)
        where T : class
    {
        refusal = "";
        int[] cuts = random.Next(4) != 0 ? [] : [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(message.Length + 1)).Order()];
        try
        {
            return marshaller.ContextualDeserializer(new ArrivedMessage(message, cuts));
        }
        catch (RpcException e)
        {
            Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
            Assert.StartsWith("The message cannot be read: ", e.Status.Detail, StringComparison.Ordinal);
            refusal = e.Status.Detail;
            return null;
        }
    }
}
