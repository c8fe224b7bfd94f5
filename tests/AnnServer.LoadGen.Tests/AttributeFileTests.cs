using System.IO.Compression;
using System.Text;
using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class AttributeFileTests
{
    [Fact]
    public async Task Read_EveryJsonType_MapsToItsValue()
    {
        string line = """{"s":"x","i":7,"f":0.5,"b":true,"ss":["a","b"],"ii":[1,2],"none":null}""";

        IReadOnlyDictionary<string, Value> row = Assert.Single(await ReadAsync(line, ""));

        Assert.Equal(new Value { StringValue = "x" }, row["s"]);
        Assert.Equal(new Value { IntValue = 7 }, row["i"]);
        Assert.Equal(new Value { DoubleValue = 0.5 }, row["f"]);
        Assert.Equal(new Value { BoolValue = true }, row["b"]);
        Assert.Equal(new Value { StringList = new StringList { Values = { "a", "b" } } }, row["ss"]);
        Assert.Equal(new Value { IntList = new IntList { Values = { 1, 2 } } }, row["ii"]);
        Assert.DoesNotContain("none", row.Keys);
    }

    [Fact]
    public async Task Read_DeclaredTypes_DecideWhereJsonLeavesItOpen()
    {
        string line = """{"pos":1,"at":"2024-05-06T07:08:09Z","years":[],"title":"x y","place":{"latitude":52.5,"longitude":-13}}""";

        IReadOnlyDictionary<string, Value> row = Assert.Single(
            await ReadAsync(line, "pos:double,at:timestamp,years:int64_list,title:text,place:geo_point"));

        Assert.Equal(new Value { DoubleValue = 1 }, row["pos"]);
        Assert.Equal(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero), row["at"].TimestampValue.ToDateTimeOffset());
        Assert.Equal(Value.KindOneofCase.IntList, row["years"].KindCase);
        Assert.Equal(new Value { StringValue = "x y" }, row["title"]);
        Assert.Equal(new Value { GeoPoint = new GeoPoint { Latitude = 52.5, Longitude = -13 } }, row["place"]);
    }

    [Theory]
    [InlineData("keyword", AttributeType.Keyword)]
    [InlineData("int64", AttributeType.Int64)]
    [InlineData("double", AttributeType.Double)]
    [InlineData("bool", AttributeType.Bool)]
    [InlineData("timestamp", AttributeType.Timestamp)]
    [InlineData("keyword_list", AttributeType.KeywordList)]
    [InlineData("int64_list", AttributeType.Int64List)]
    [InlineData("geo_point", AttributeType.GeoPoint)]
    [InlineData("text", AttributeType.Text)]
    public void Parse_EveryType_IsThatOfTheContract(string text, AttributeType expected)
    {
        Assert.Equal([new AttributeSchema { Name = "a", Type = expected }], AttributeSchemaText.Parse($"a:{text}"));
    }

    [Fact]
    public async Task Read_ObjectThatIsNoPlace_SaysWhatOneIs()
    {
        FormatException error = await Assert.ThrowsAsync<FormatException>(() => ReadAsync("""{"place":{"lat":1,"lon":2}}""", ""));

        Assert.Contains("latitude", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_GzipFile_IsUnpacked()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.jsonl.gz");
        try
        {
            await using (GZipStream gzip = new(File.Create(path), CompressionMode.Compress))
                await gzip.WriteAsync("{\"a\":1}\n{}\n"u8.ToArray(), TestContext.Current.CancellationToken);

            IReadOnlyList<IReadOnlyDictionary<string, Value>> rows =
                await AttributeFile.ReadAsync(path, [], TestContext.Current.CancellationToken);

            Assert.Equal([1, 0], rows.Select(row => row.Count));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name:string")]
    public void Parse_SchemaThatIsNone_Throws(string text)
    {
        Assert.Throws<FormatException>(() => AttributeSchemaText.Parse(text));
    }

    private static Task<IReadOnlyList<IReadOnlyDictionary<string, Value>>> ReadAsync(string line, string schema) => AttributeFile.ReadAsync(
        new MemoryStream(Encoding.UTF8.GetBytes(line)), AttributeSchemaText.Parse(schema), TestContext.Current.CancellationToken);
}
