namespace AnnServer.Security.Keys;

/// <summary>One key in the keys file, which holds no secret: the key itself is only with those who use it.</summary>
/// <param name="Name">Who uses it. Several keys may have the same name, so that one can take the place of another while both work.</param>
/// <param name="Sha256">Of the key, in hexadecimal.</param>
/// <param name="Collections">Names, or beginnings of names with a star behind; null for all.</param>
/// <param name="NotAfter">When it stops being valid; null for never.</param>
internal sealed record KeyEntry(
    string? Name = null, string? Sha256 = null, string? Role = null, IReadOnlyList<string>? Collections = null, DateTimeOffset? NotAfter = null);
