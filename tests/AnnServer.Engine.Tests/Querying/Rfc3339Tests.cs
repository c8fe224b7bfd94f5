using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class Rfc3339Tests
{
    [Theory]
    [InlineData("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.0000000Z")]
    [InlineData("2024-02-29t23:59:59z", "2024-02-29T23:59:59.0000000Z")]
    [InlineData("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00.0000000Z")]
    [InlineData("2024-01-01T00:30:00-05:45", "2024-01-01T06:15:00.0000000Z")]
    [InlineData("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.5000000Z")]
    [InlineData("2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.1234567Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z")]
    public void TryParse_ValidTime_GivesInstant(string text, string expected)
    {
        Assert.True(Rfc3339.TryParse(text, out DateTimeOffset value));
        Assert.Equal(expected, value.UtcDateTime.ToString("O"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2024-01-01")]
    [InlineData("2024-01-01T00:00:00")]
    [InlineData("2024-01-01 00:00:00Z")]
    [InlineData("2023-02-29T00:00:00Z")]
    [InlineData("2024-01-01T24:00:00Z")]
    [InlineData("2024-01-01T00:00:60Z")]
    [InlineData("2024-01-01T00:00:00.Z")]
    [InlineData("2024-01-01T00:00:00+1:00")]
    [InlineData("2024-01-01T00:00:00+24:00")]
    [InlineData("2024-01-01T00:00:00ZZ")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("٢٠٢٤-01-01T00:00:00Z")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Rfc3339.TryParse(text, out _));
}
