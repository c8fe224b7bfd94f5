using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Client = AnnServer.FunctionalTests.Infrastructure.ServerFixture;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>One wrong request: how it is sent, the code it earns, and the fields that the answer names.</summary>
/// <param name="Send">Given the server and the name of a collection of dimension 4 that holds point 1.</param>
internal sealed record BadInput(string Name, Func<Client, string, Task> Send, StatusCode Code, params string[] Fields)
{
    private static readonly Vector Good = Make.Vector(1, 2, 3, 4);

    public static readonly IReadOnlyDictionary<string, BadInput> Table = All().ToDictionary(row => row.Name);

    private static IEnumerable<BadInput> All()
    {
        yield return Upsert("upsert wrong dimension", Make.Point(2, Make.Vector(1, 2, 3)), "points[0].vector");
        yield return Upsert("upsert wrong dimension packed", Make.Point(2, Make.Packed(1, 2, 3, 4, 5)), "points[0].vector");
        yield return Upsert("upsert NaN", Make.Point(2, Make.Vector(1, float.NaN, 3, 4)), "points[0].vector");
        yield return Upsert("upsert infinity", Make.Point(2, Make.Packed(1, 2, float.PositiveInfinity, 4)), "points[0].vector");
        yield return Upsert("upsert negative infinity", Make.Point(2, Make.Vector(1, 2, 3, float.NegativeInfinity)), "points[0].vector");
        yield return Upsert("upsert no id", new Point { Vector = Good }, "points[0].id");
        yield return Upsert("upsert empty id", new Point { Id = new PointId(), Vector = Good }, "points[0].id");
        yield return Upsert("upsert empty key", new Point { Id = Make.Id(""), Vector = Good }, "points[0].id.key");
        yield return Upsert("upsert key of 257 bytes", new Point { Id = Make.Id(new string('k', 257)), Vector = Good }, "points[0].id.key");
        yield return Upsert("upsert key of 129 two-byte letters", new Point { Id = Make.Id(new string('é', 129)), Vector = Good }, "points[0].id.key");
        yield return Upsert("upsert no vector", new Point { Id = Make.Id(2) }, "points[0].vector");
        yield return Upsert("upsert packed and values",
            Make.Point(2, new Vector { Packed = Make.Packed(1, 2, 3, 4).Packed, Values = { 1, 2, 3, 4 } }), "points[0].vector");
        yield return Upsert("upsert packed of 15 bytes",
            Make.Point(2, new Vector { Packed = ByteString.CopyFrom(new byte[15]) }), "points[0].vector");
        yield return Upsert("upsert unknown format",
            Make.Point(2, new Vector { Packed = ByteString.CopyFrom(new byte[16]), Format = (VectorFormat)9 }), "points[0].vector");
        yield return Upsert("upsert attribute without value", Make.Point(2, Good, ("year", new Value())), "points[0].attributes[\"year\"]");
        yield return Upsert("upsert place beyond the pole",
            Make.Point(2, Good, ("place", new Value { GeoPoint = Make.Place(90.5, 0) })), "points[0].attributes[\"place\"]");
        yield return Upsert("upsert place that is no number",
            Make.Point(2, Good, ("place", new Value { GeoPoint = Make.Place(0, double.NaN) })), "points[0].attributes[\"place\"]");
        yield return new("upsert nothing",
            (server, name) => Task(server.Points.UpsertAsync(new UpsertRequest { Collection = name })), StatusCode.InvalidArgument, "points");
        yield return new("upsert unknown durability",
            (server, name) => Task(server.Points.UpsertAsync(
                new UpsertRequest { Collection = name, Points = { Make.Point(2, Good) }, Durability = (Durability)7 })),
            StatusCode.InvalidArgument, "durability");
        yield return new("delete unknown durability",
            (server, name) => Task(server.Points.DeleteAsync(
                new DeleteRequest { Collection = name, Ids = new PointIdList { Ids = { Make.Id(1) } }, Durability = (Durability)4 })),
            StatusCode.InvalidArgument, "durability");
        yield return new("update unknown durability",
            (server, name) => Task(server.Points.UpdateAttributesAsync(new UpdateAttributesRequest
            {
                Collection = name,
                Updates = { new AttributeUpdate { Id = Make.Id(1), Set = { ["a"] = Make.Int(1) } } },
                Durability = (Durability)(-1),
            })),
            StatusCode.InvalidArgument, "durability");
        yield return new("upsert several faults",
            (server, name) => Task(server.Points.UpsertAsync(new UpsertRequest
            {
                Collection = name,
                Points = { new Point { Vector = Good }, Make.Point(2, Make.Vector(1)), Make.Point(3, Make.Vector(float.NaN, 0, 0, 0)), Make.Point(4, Good) },
                Durability = (Durability)7,
            })),
            StatusCode.InvalidArgument, "durability", "points[0].id", "points[1].vector", "points[2].vector");
        yield return new("upsert unknown collection",
            (server, _) => Task(server.Points.UpsertAsync(new UpsertRequest { Collection = "nowhere", Points = { Make.Point(2, Good) } })),
            StatusCode.NotFound);
        yield return new("upsert over the message limit",
            (server, name) => Task(server.Points.UpsertAsync(new UpsertRequest
            {
                Collection = name,
                Points = { Make.Point(2, new Vector { Packed = ByteString.CopyFrom(new byte[Client.MaxMessageBytes]) }) },
            })),
            StatusCode.ResourceExhausted);

        yield return Search("search wrong dimension", request => request.Vector = Make.Vector(1, 2), "vector");
        yield return Search("search NaN", request => request.Vector = Make.Vector(1, 2, 3, float.NaN), "vector");
        yield return Search("search no vector", request => request.Vector = null, "vector");
        yield return Search("search k of 0", request => request.K = 0, "k");
        yield return Search("search k of a million", request => request.K = 1_000_000, "k");
        yield return Search("search k of 2^32 - 1", request => request.K = uint.MaxValue, "k");
        yield return Search("search ef of a million", request => request.Ef = 1_000_000, "ef");
        yield return Search("search recall target of 0", request => request.RecallTarget = 0, "recall_target");
        yield return Search("search recall target above 1", request => request.RecallTarget = 1.5, "recall_target");
        yield return Search("search recall target that is no number", request => request.RecallTarget = double.NaN, "recall_target");
        yield return Search("search malformed filter", request => request.Filter = new Filter { Expression = "year >= " }, "filter.expression");
        yield return Search("search empty filter", request => request.Filter = new Filter(), "filter");
        yield return Search("search empty predicate", request => request.Filter = Predicate(new Predicate()), "filter.predicate");
        yield return Search("search predicate faults in depth", request => request.Filter = Predicate(new Predicate
        {
            And = new PredicateList
            {
                Predicates =
                {
                    new Predicate { Eq = new Comparison { Attribute = "year" } },
                    new Predicate { Not = new Predicate { Range = new Interval { Attribute = "year" } } },
                    new Predicate { Exists = "" },
                },
            },
        }), "filter.predicate.and.predicates[0].eq.value", "filter.predicate.and.predicates[1].not.range", "filter.predicate.and.predicates[2].exists");
        yield return Search("search faulty prefix", request => request.Filter = Predicate(new Predicate
        {
            Prefix = new Comparison { Value = Make.Int(1) },
        }), "filter.predicate.prefix.attribute", "filter.predicate.prefix.value");
        yield return Search("search text without tokens", request => request.Filter = Predicate(new Predicate
        {
            TextMatch = new TextMatch { Attribute = "title", Query = "?!" },
        }), "filter.predicate.text_match.query");
        yield return Search("search faulty circle", request => request.Filter = Predicate(new Predicate
        {
            GeoRadius = new GeoRadius { Attribute = "place", Center = Make.Place(0, 181), Meters = double.NaN },
        }), "filter.predicate.geo_radius.center", "filter.predicate.geo_radius.meters");
        yield return Search("search box upside down", request => request.Filter = Predicate(new Predicate
        {
            GeoBox = new GeoBox { Attribute = "place", SouthWest = Make.Place(2, 0), NorthEast = Make.Place(1, 0) },
        }), "filter.predicate.geo_box");
        yield return Search("search for a place as a value", request => request.Filter = Predicate(new Predicate
        {
            Eq = new Comparison { Attribute = "place", Value = new Value { GeoPoint = Make.Place(2, 0) } },
        }), "filter.predicate.eq.value");
        yield return Search(
            "search malformed function", request => request.Filter = new Filter { Expression = "geo_radius(place, 1, 2)" }, "filter.expression");
        yield return Search("search several faults", request =>
        {
            request.Vector = Make.Vector(1);
            request.K = 0;
            request.Filter = new Filter();
        }, "vector", "k", "filter");
        yield return new("search unknown collection",
            (server, _) => Task(server.Points.SearchAsync(new SearchRequest { Collection = "nowhere", Vector = Good, K = 1 })), StatusCode.NotFound);
        yield return new("batch with one bad query",
            (server, name) => Task(server.Points.SearchBatchAsync(new SearchBatchRequest
            {
                Collection = name,
                Queries = { new SearchRequest { Vector = Good, K = 1 }, new SearchRequest { Collection = "other", Vector = Make.Vector(1), K = 0 } },
            })),
            StatusCode.InvalidArgument, "queries[1].vector", "queries[1].k", "queries[1].collection");

        yield return Create("create without config", null, "config");
        yield return Create("create everything wrong",
            new CollectionConfig { Name = "-", Metric = (Metric)9, Attributes = { new AttributeSchema { Name = "a b", Type = (AttributeType)99 } } },
            "config.name", "config.dimension", "config.metric", "config.attributes[0].type", "config.attributes[0].name");
        yield return Create("create without metric", new CollectionConfig { Name = "x", Dimension = 4 }, "config.metric");
        yield return Create(
            "create of unknown quantization",
            new CollectionConfig { Name = "x", Dimension = 4, Metric = Metric.L2, Quantization = (Quantization)9 },
            "config.quantization");
        yield return Create(
            "create of unknown vector storage",
            new CollectionConfig { Name = "x", Dimension = 4, Metric = Metric.L2, VectorStorage = (VectorStorage)9 },
            "config.vector_storage");
        yield return Create(
            "create of unknown vector placement",
            new CollectionConfig { Name = "x", Dimension = 4, Metric = Metric.L2, VectorPlacement = (VectorPlacement)9 },
            "config.vector_placement");
        yield return Create(
            "create of vectors on disk without codes in memory",
            new CollectionConfig { Name = "x", Dimension = 4, Metric = Metric.L2, VectorPlacement = VectorPlacement.Disk },
            "config.vector_placement");
        yield return Create("create of unknown attribute type",
            new CollectionConfig
            {
                Name = "x",
                Dimension = 4,
                Metric = Metric.L2,
                Attributes = { new AttributeSchema { Name = "ok", Type = AttributeType.Keyword }, new AttributeSchema { Name = "bad" } },
            },
            "config.attributes[1].type");
        yield return Create("create of dimension 8193", new CollectionConfig { Name = "x", Dimension = 8193, Metric = Metric.L2 }, "config.dimension");
        yield return new("create twice",
            (server, name) => Task(server.Collections.CreateCollectionAsync(
                new CreateCollectionRequest { Config = new CollectionConfig { Name = name, Dimension = 4, Metric = Metric.L2 } })),
            StatusCode.AlreadyExists);
        yield return new("get unknown collection",
            (server, _) => Task(server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = "nowhere" })), StatusCode.NotFound);
        yield return new("drop unknown collection",
            (server, _) => Task(server.Collections.DeleteCollectionAsync(new DeleteCollectionRequest { Name = "nowhere" })), StatusCode.NotFound);

        yield return new("restore without name",
            (server, _) => Task(server.Admin.RestoreAsync(new RestoreRequest())), StatusCode.InvalidArgument, "name");
        yield return new("restore of a path",
            (server, _) => Task(server.Admin.RestoreAsync(new RestoreRequest { Name = "../elsewhere" })), StatusCode.InvalidArgument, "name");
        yield return new("restore of a hidden folder",
            (server, _) => Task(server.Admin.RestoreAsync(new RestoreRequest { Name = ".." })), StatusCode.InvalidArgument, "name");
        yield return new("restore of an unknown backup",
            (server, _) => Task(server.Admin.RestoreAsync(new RestoreRequest { Name = "nowhere" })), StatusCode.NotFound);
        yield return new("restore over collections",
            async (server, name) =>
            {
                await Task(server.Admin.BackupAsync(new BackupRequest { Name = name }));
                await Task(server.Admin.RestoreAsync(new RestoreRequest { Name = name }));
            },
            StatusCode.FailedPrecondition);
        yield return new("audit unknown collection",
            (server, _) => Task(server.Admin.AuditGraphAsync(new AuditGraphRequest { Collection = "nowhere" })), StatusCode.NotFound);
        yield return new("audit without collection",
            (server, _) => Task(server.Admin.AuditGraphAsync(new AuditGraphRequest())), StatusCode.NotFound);

        yield return new("get without id",
            (server, name) => Task(server.Points.GetAsync(new GetRequest { Collection = name, Ids = { Make.Id(1), new PointId() } })),
            StatusCode.InvalidArgument, "ids[1]");
        yield return new("count by empty predicate",
            (server, name) => Task(server.Points.CountAsync(
                new CountRequest { Collection = name, Filter = new Filter { Predicate = new Predicate() } })),
            StatusCode.InvalidArgument, "filter.predicate");
        yield return new("count by empty filter",
            (server, name) => Task(server.Points.CountAsync(new CountRequest { Collection = name, Filter = new Filter() })),
            StatusCode.InvalidArgument, "filter");
        yield return new("scroll by range without bounds",
            (server, name) => Task(server.Points.ScrollAsync(
                new ScrollRequest { Collection = name, Filter = Predicate(new Predicate { Range = new Interval { Attribute = "year" } }) })),
            StatusCode.InvalidArgument, "filter.predicate.range");
        yield return new("delete without selector",
            (server, name) => Task(server.Points.DeleteAsync(new DeleteRequest { Collection = name })), StatusCode.InvalidArgument, "selector");
        yield return new("delete by empty filter",
            (server, name) => Task(server.Points.DeleteAsync(new DeleteRequest { Collection = name, Filter = new Filter() })),
            StatusCode.InvalidArgument, "filter");
        yield return new("update without id",
            (server, name) => Task(server.Points.UpdateAttributesAsync(
                new UpdateAttributesRequest { Collection = name, Updates = { new AttributeUpdate { Set = { ["year"] = Make.Int(1) } } } })),
            StatusCode.InvalidArgument, "updates[0].id");
        yield return new("scroll with a bad token",
            (server, name) => Task(server.Points.ScrollAsync(new ScrollRequest { Collection = name, PageToken = "!!!" })),
            StatusCode.InvalidArgument, "page_token");
        yield return new("scroll of huge pages",
            (server, name) => Task(server.Points.ScrollAsync(new ScrollRequest { Collection = name, PageSize = 1_000_000 })),
            StatusCode.InvalidArgument, "page_size");
        yield return new("facets of nothing",
            (server, name) => Task(server.Points.FacetsAsync(new FacetsRequest { Collection = name })), StatusCode.InvalidArgument, "facets");
        yield return new("facets with several faults",
            (server, name) => Task(server.Points.FacetsAsync(new FacetsRequest
            {
                Collection = name,
                Filter = new Filter(),
                Facets = { new FacetRequest { Attribute = "a", Limit = uint.MaxValue }, new FacetRequest() },
            })),
            StatusCode.InvalidArgument, "filter", "facets[0].limit", "facets[0].attribute", "facets[1].attribute");
        yield return new("facets of unknown collection",
            (server, _) => Task(server.Points.FacetsAsync(new FacetsRequest { Collection = "nowhere" })), StatusCode.NotFound);
        yield return new("sample of nothing",
            (server, name) => Task(server.Points.SampleAsync(new SampleRequest { Collection = name, Filter = new Filter() })),
            StatusCode.InvalidArgument, "count", "filter");
        yield return new("sample of a million",
            (server, name) => Task(server.Points.SampleAsync(new SampleRequest { Collection = name, Count = 1_000_000 })),
            StatusCode.InvalidArgument, "count");
        yield return new("sample of unknown collection",
            (server, _) => Task(server.Points.SampleAsync(new SampleRequest { Collection = "nowhere", Count = 1 })), StatusCode.NotFound);
    }

    private static BadInput Upsert(string name, Point point, params string[] fields) => new(
        name,
        (server, collection) => Task(server.Points.UpsertAsync(new UpsertRequest { Collection = collection, Points = { point } })),
        StatusCode.InvalidArgument,
        fields);

    private static BadInput Search(string name, Action<SearchRequest> spoil, params string[] fields) => new(
        name,
        (server, collection) =>
        {
            SearchRequest request = new() { Collection = collection, Vector = Good.Clone(), K = 1 };
            spoil(request);
            return Task(server.Points.SearchAsync(request));
        },
        StatusCode.InvalidArgument,
        fields);

    private static BadInput Create(string name, CollectionConfig? config, params string[] fields) => new(
        name,
        (server, _) => Task(server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config })),
        StatusCode.InvalidArgument,
        fields);

    private static Filter Predicate(Predicate predicate) => new() { Predicate = predicate };

    private static async Task Task<T>(AsyncUnaryCall<T> call)
    {
        using (call)
        {
            await call;
        }
    }
}
