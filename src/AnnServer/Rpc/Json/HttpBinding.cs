using System.Text.RegularExpressions;
using AnnServer.Protocol.V1;
using Google.Api;
using Google.Protobuf.Reflection;

namespace AnnServer.Rpc.Json;

/// <summary>How an rpc is called over HTTP, as its <c>google.api.http</c> annotation says. Beside the endpoint of the call in the routes.</summary>
/// <param name="Path">Of constant parts and fields in braces, which is also how routes are written.</param>
/// <param name="BodyField">The field that the body is; null where it is the message, and where there is no body.</param>
internal sealed partial record HttpBinding(
    MethodDescriptor Method, string Verb, string Path, IReadOnlyList<FieldDescriptor> PathFields, bool HasBody, FieldDescriptor? BodyField)
{
    private const string WholeMessage = "*";

    /// <summary>Of every rpc of ann.v1 that has one.</summary>
    public static IReadOnlyList<HttpBinding> All { get; } =
    [
        .. from file in (FileDescriptor[])[CollectionsReflection.Descriptor, PointsReflection.Descriptor, AdminReflection.Descriptor]
           from service in file.Services
           from method in service.Methods
           let rule = method.GetOptions()?.GetExtension(AnnotationsExtensions.Http)
           where rule is not null
           select Read(method, rule),
    ];

    /// <summary>With its service, as in <c>/ann.v1.Points/Search</c>.</summary>
    public string Rpc => $"/{Method.Service.FullName}/{Method.Name}";

    // Only what the contract uses of the annotations; another is refused by the first start and every test.
    private static HttpBinding Read(MethodDescriptor method, HttpRule rule)
    {
        (string verb, string path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => (HttpMethods.Get, rule.Get),
            HttpRule.PatternOneofCase.Post => (HttpMethods.Post, rule.Post),
            HttpRule.PatternOneofCase.Patch => (HttpMethods.Patch, rule.Patch),
            HttpRule.PatternOneofCase.Delete => (HttpMethods.Delete, rule.Delete),
            _ => throw new NotSupportedException($"{method.FullName} has an HTTP pattern of a kind that is not served: {rule.PatternCase}."),
        };
        if (rule.AdditionalBindings.Count > 0 || rule.ResponseBody.Length > 0 || method.IsClientStreaming || method.IsServerStreaming)
        {
            throw new NotSupportedException($"{method.FullName} has more of an HTTP annotation than is served.");
        }

        FieldDescriptor[] pathFields = [.. PathField().Matches(path).Select(match => Field(method, match.Groups["name"].Value, FieldType.String))];
        FieldDescriptor? bodyField = rule.Body is "" or WholeMessage ? null : Field(method, rule.Body, FieldType.Message);
        return new HttpBinding(method, verb, path, pathFields, rule.Body.Length > 0, bodyField);
    }

    private static FieldDescriptor Field(MethodDescriptor method, string name, FieldType type) =>
        method.InputType.FindFieldByName(name) is { IsRepeated: false } field && field.FieldType == type
            ? field
            : throw new NotSupportedException($"{method.FullName} has no field '{name}' of type {type}, which its HTTP annotation names.");

    [GeneratedRegex(@"\{(?<name>[^}]*)\}")]
    private static partial Regex PathField();
}
