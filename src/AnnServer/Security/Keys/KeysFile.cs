using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using AnnServer.Security.Limits;

namespace AnnServer.Security.Keys;

/// <summary>The keys file: <c>{"keys": [{"name": ..., "sha256": ..., "role": ..., "collections": [...], "not_after": ...}]}</c>, and limits.</summary>
internal sealed record KeysFile(IReadOnlyList<KeyEntry>? Keys = null)
{
    public const string Scheme = "Key";

    // What nobody wrote is left out, and a key that nobody knows is most likely a misspelt restriction.
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
    };

    /// <exception cref="InvalidDataException">It is no JSON of that form.</exception>
    public static KeysFile Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<KeysFile>(json, Json) ?? throw new InvalidDataException("holds null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"cannot be read: {e.Message}", e);
        }
    }

    /// <exception cref="InvalidDataException">Lists everything that is wrong.</exception>
    public static KeyRing ToRing(ReadOnlySpan<byte> json)
    {
        IReadOnlyList<KeyEntry> entries = Read(json).Keys ?? throw new InvalidDataException("has no \"keys\"");
        List<string> faults = [];
        List<Caller> callers = [];
        HashSet<string> hashes = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < entries.Count; i++)
        {
            if (ToCaller(entries[i], $"keys[{i}]", faults) is { } caller)
            {
                callers.Add(caller);
                if (!hashes.Add(entries[i].Sha256!))
                {
                    faults.Add($"keys[{i}].sha256 is that of another key");
                }
            }
        }

        return faults.Count == 0 ? new KeyRing(callers) : throw new InvalidDataException(string.Join("; ", faults));
    }

    public static string Text(KeyEntry entry) => JsonSerializer.Serialize(entry, Json);

    public override string ToString() => JsonSerializer.Serialize(this, Json);

    private static Caller? ToCaller(KeyEntry? entry, string at, List<string> faults)
    {
        int before = faults.Count;
        if (string.IsNullOrWhiteSpace(entry?.Name))
        {
            faults.Add($"{at}.name is missing");
        }

        if (entry?.Sha256 is not { Length: 2 * SHA256.HashSizeInBytes } hash || !hash.All(char.IsAsciiHexDigit))
        {
            faults.Add($"{at}.sha256 is not {2 * SHA256.HashSizeInBytes} hexadecimal digits");
        }

        if (!Grant.TryParseRole(entry?.Role, out Role role))
        {
            faults.Add($"{at}.role is \"{entry?.Role}\"; allowed: read, write or admin");
        }

        IReadOnlyList<string> collections = entry?.Collections ?? [Grant.Everything];
        if (collections.Count == 0 || !collections.All(Grant.IsPattern))
        {
            faults.Add($"{at}.collections: allowed are names, and beginnings of names with a star behind, one at least; without it, all");
        }

        CheckLimit(entry?.RequestsPerSecond, CallerLimits.MaxRequestsPerSecond, $"{at}.requests_per_second", faults);
        CheckLimit(entry?.RequestBurst, CallerLimits.MaxRequestBurst, $"{at}.request_burst", faults);
        CheckLimit(entry?.MaxCallsInFlight, CallerLimits.MostCallsInFlight, $"{at}.max_calls_in_flight", faults);
        return faults.Count > before ? null : new Caller(entry!.Name!, Scheme, [new Grant(role, collections)])
        {
            KeyHash = Convert.FromHexString(entry.Sha256!),
            NotAfter = entry.NotAfter ?? DateTimeOffset.MaxValue,
            Limits = entry.Limits,
        };
    }

    private static void CheckLimit(double? limit, double most, string at, List<string> faults)
    {
        if (limit is < 0 || limit > most)
        {
            faults.Add($"{at} is {limit}; allowed: 0 to {most}, where 0 is no limit");
        }
    }
}
