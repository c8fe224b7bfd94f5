using System.Collections.Frozen;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace AnnServer.Rpc.Json.OpenApi;

/// <summary>What the protos say of each service, rpc, message, field, enum and value, by its full name.</summary>
internal static class ProtoComments
{
    // Made by the build of AnnServer.Protocol.
    private const string Resource = "ann.v1.protoset";

    private static readonly FrozenDictionary<string, string> ByName = Read();

    /// <param name="name">As in <c>ann.v1.SearchRequest.k</c>; a value is within its enum.</param>
    public static string? Of(string name) => ByName.GetValueOrDefault(name);

    private static FrozenDictionary<string, string> Read()
    {
        using Stream resource = typeof(Point).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource '{Resource}' is missing.");
        Dictionary<string, string> comments = [];
        foreach (FileDescriptorProto file in FileDescriptorSet.Parser.ParseFrom(resource).File)
        {
            Dictionary<string, string> names = Names(file);
            foreach (SourceCodeInfo.Types.Location location in file.SourceCodeInfo.Location)
            {
                if (location.LeadingComments.Length > 0 && names.TryGetValue(string.Join('.', location.Path), out string? name))
                {
                    comments.Add(name, Text(location.LeadingComments));
                }
            }
        }

        return comments.ToFrozenDictionary();
    }

    /// <summary>By paths through the descriptor: numbers of fields, each with an index.</summary>
    private static Dictionary<string, string> Names(FileDescriptorProto file)
    {
        Dictionary<string, string> names = [];
        AddAll($"{FileDescriptorProto.MessageTypeFieldNumber}", file.Package, file.MessageType, static message => message.Name, (path, name, message) =>
            AddAll($"{path}.{DescriptorProto.FieldFieldNumber}", name, message.Field, static field => field.Name));
        AddAll($"{FileDescriptorProto.EnumTypeFieldNumber}", file.Package, file.EnumType, static type => type.Name, (path, name, type) =>
            AddAll($"{path}.{EnumDescriptorProto.ValueFieldNumber}", name, type.Value, static value => value.Name));
        AddAll($"{FileDescriptorProto.ServiceFieldNumber}", file.Package, file.Service, static service => service.Name, (path, name, service) =>
            AddAll($"{path}.{ServiceDescriptorProto.MethodFieldNumber}", name, service.Method, static method => method.Name));
        return names;

        void AddAll<T>(string list, string scope, IReadOnlyList<T> items, Func<T, string> nameOf, Action<string, string, T>? within = null)
        {
            for (int i = 0; i < items.Count; i++)
            {
                string path = $"{list}.{i}";
                string name = $"{scope}.{nameOf(items[i])}";
                names.Add(path, name);
                within?.Invoke(path, name, items[i]);
            }
        }
    }

    // Every line begins with the space after the slashes.
    private static string Text(string comment) =>
        string.Join('\n', comment.TrimEnd().Split('\n').Select(static line => line.StartsWith(' ') ? line[1..] : line));
}
