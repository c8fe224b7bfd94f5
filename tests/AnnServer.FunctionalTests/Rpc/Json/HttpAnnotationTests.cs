using AnnServer.Protocol.V1;
using Google.Api;
using Google.Protobuf.Reflection;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>The annotations in the protos, looked at without what the server makes of them.</summary>
public sealed class HttpAnnotationTests
{
    public static IEnumerable<MethodDescriptor> Methods =>
        ((FileDescriptor[])[CollectionsReflection.Descriptor, PointsReflection.Descriptor, AdminReflection.Descriptor])
        .SelectMany(static file => file.Services).SelectMany(static service => service.Methods);

    [Fact]
    public void Rpc_UnlessItStreams_HasOneBinding()
    {
        Assert.All(Methods, static method =>
        {
            HttpRule? rule = Rule(method);
            Assert.Equal(method is { IsClientStreaming: false, IsServerStreaming: false }, rule is not null);
            Assert.Empty(rule?.AdditionalBindings ?? []);
        });
    }

    [Fact]
    public void Fields_OfEveryRequest_AreInThePathOrInTheBody()
    {
        foreach (MethodDescriptor method in Methods.Where(static method => Rule(method) is not null))
        {
            HttpRule rule = Rule(method)!;
            IEnumerable<string> unreachable = rule.Body == "*" ? []
                : method.InputType.Fields.InDeclarationOrder().Select(static field => field.Name)
                    .Where(name => name != rule.Body && !Path(rule).Contains($"{{{name}}}", StringComparison.Ordinal));

            Assert.True(!unreachable.Any(), $"{method.FullName}: {string.Join(", ", unreachable)}");
        }
    }

    [Fact]
    public void Paths_WithTheirVerbs_AreAllDifferent()
    {
        string[] routes = [.. Methods.Select(Rule).OfType<HttpRule>().Select(static rule => $"{rule.PatternCase} {Path(rule)}")];

        Assert.Equal(20, routes.Length);
        Assert.Equal(routes.Length, routes.Distinct().Count());
    }

    public static HttpRule? Rule(MethodDescriptor method) => method.GetOptions()?.GetExtension(AnnotationsExtensions.Http);

    public static string Path(HttpRule rule) => rule.PatternCase switch
    {
        HttpRule.PatternOneofCase.Get => rule.Get,
        HttpRule.PatternOneofCase.Post => rule.Post,
        HttpRule.PatternOneofCase.Patch => rule.Patch,
        HttpRule.PatternOneofCase.Delete => rule.Delete,
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "No such pattern is used."),
    };
}
