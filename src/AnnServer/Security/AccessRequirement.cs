using Microsoft.AspNetCore.Authorization;

namespace AnnServer.Security;

/// <summary>The role that a call needs, in at least one collection; asked before any of its messages is read.</summary>
internal sealed class AccessRequirement : IAuthorizationRequirement;
