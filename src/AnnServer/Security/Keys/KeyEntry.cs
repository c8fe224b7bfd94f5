using System.Text.Json.Serialization;
using AnnServer.Security.Limits;

namespace AnnServer.Security.Keys;

/// <summary>One key in the keys file, which holds no secret: the key itself is only with those who use it.</summary>
/// <param name="Name">Who uses it. Several keys may have the same name, so that one can take the place of another while both work.</param>
/// <param name="Sha256">Of the key, in hexadecimal.</param>
/// <param name="Collections">Names, or beginnings of names with a star behind; null for all.</param>
/// <param name="NotAfter">When it stops being valid; null for never.</param>
/// <param name="RequestsPerSecond">Instead of what the server has for all callers, like the other two; 0 for no limit.</param>
internal sealed record KeyEntry(
    string? Name = null,
    string? Sha256 = null,
    string? Role = null,
    IReadOnlyList<string>? Collections = null,
    DateTimeOffset? NotAfter = null,
    double? RequestsPerSecond = null,
    int? RequestBurst = null,
    int? MaxCallsInFlight = null)
{
    /// <summary>Null where it has none of its own.</summary>
    [JsonIgnore]
    public OwnLimits? Limits =>
        RequestsPerSecond is null && RequestBurst is null && MaxCallsInFlight is null ? null : new(RequestsPerSecond, RequestBurst, MaxCallsInFlight);
}
