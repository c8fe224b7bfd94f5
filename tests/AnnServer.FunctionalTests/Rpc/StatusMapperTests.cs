using System.Text;
using AnnServer.Engine.Model;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Rpc;
using Google.Rpc;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class StatusMapperTests
{
    public static TheoryData<EngineStatus> Statuses => [.. Enum.GetValues<EngineStatus>()];

    [Theory]
    [MemberData(nameof(Statuses))]
    public void ToStatusCode_EveryStatus_HasACodeOfTheSameName(EngineStatus status)
    {
        Assert.Equal(status.ToString(), StatusMapper.ToStatusCode(status).ToString(), ignoreCase: true);
    }

    [Fact]
    public void ToStatusCode_UndefinedStatus_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => StatusMapper.ToStatusCode((EngineStatus)99));
    }

    [Fact]
    public void ToException_Violations_NamesEachField()
    {
        EngineError error = new(
            EngineStatus.InvalidArgument,
            "2 faults",
            [new FieldViolation("a", "is missing"), new FieldViolation("b", "is odd")]);

        RpcException exception = StatusMapper.ToException(error);

        Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
        var details = exception.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations;
        Assert.Equal([("a", "is missing"), ("b", "is odd")], details.Select(violation => (violation.Field, violation.Description)));
    }

    [Fact]
    public void ToException_MoreThanTrailersHold_SaysHowManyAreLeftOut()
    {
        FieldViolation[] violations = [.. Enumerable.Range(0, 100).Select(i => new FieldViolation($"points[{i}].vector", new string('x', 100)))];

        RpcException exception = StatusMapper.ToException(new EngineError(EngineStatus.InvalidArgument, "100 faults", violations));

        int listed = Make.FaultyFields(exception).Count;
        Assert.InRange(listed, 20, 40);
        Assert.Contains($"({100 - listed} more are not listed)", exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void ToException_ResourceExhausted_SaysWhenToRetry()
    {
        RpcException exception = StatusMapper.ToException(EngineError.Of(EngineStatus.ResourceExhausted, "The collection is full."));

        Assert.Equal(1, exception.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.Seconds);
        Assert.Equal("The collection is full.", exception.Status.Detail);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ToException_LongMessageOfWideCharacters_IsCutBetweenTwoOfThem(int shift)
    {
        string message = new string('x', shift) + string.Concat(Enumerable.Repeat("\U0001F600", 1000));

        RpcException exception = StatusMapper.ToException(EngineError.Of(EngineStatus.NotFound, message));

        string cut = exception.Status.Detail;
        Assert.StartsWith(cut, message, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(cut), 509, 512);
        Assert.DoesNotContain("\uFFFD", Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(cut)), StringComparison.Ordinal);
        Assert.Equal(cut, exception.GetRpcStatus()!.Message);
    }
}
