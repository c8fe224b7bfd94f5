namespace AnnServer.Engine.Model;

/// <summary>One fault of a request.</summary>
/// <param name="Field">Path of the field in the request, as in <c>points[3].vector</c>.</param>
/// <param name="Description">What is wrong and what would be right.</param>
public readonly record struct FieldViolation(string Field, string Description);
