using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>Collections come, go and change what they index.</summary>
internal sealed class CollectionChanges(Random random)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Step Create(Subject subject)
    {
        subject.Create();
        CollectionConfig config = subject.Model.Config;
        return new Step(OperationKind.CreateCollection, $"{OperationKind.CreateCollection} {subject.Name}", async test =>
        {
            Assert.Equal(EngineStatus.NotFound, test.Database.GetCollection(config.Name).Error?.Status);
            Collection collection = await test.CreateAsync(config);
            Assert.Equal(0, Count(collection).Value);
            Assert.Equal(
                EngineStatus.AlreadyExists, (await test.Database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error?.Status);
            return 0;
        });
    }

    public static Step Drop(Subject subject)
    {
        int points = subject.Model.Points.Count;
        subject.Become(null);
        return new Step(OperationKind.DropCollection, $"{OperationKind.DropCollection} {subject.Name}", async test =>
        {
            Collection collection = test.Collection(subject.Name);
            Assert.Null((await test.Database.DeleteCollectionAsync(subject.Name, Cancellation)).Error);
            Assert.Equal(EngineStatus.NotFound, test.Database.GetCollection(subject.Name).Error?.Status);
            Assert.Equal(EngineStatus.NotFound, Count(collection).Error?.Status);
            return points;
        });
    }

    /// <summary>Starts and stops indexing attributes, at least one.</summary>
    public Step ChangeSchema(Subject subject)
    {
        ModelCollection model = subject.Model;
        AttributeSchema[] declared = [.. model.Config.Attributes];
        AttributeSchema one = RandomPoints.Schema[random.Next(RandomPoints.Schema.Length)];
        AttributeSchema[] add = [.. RandomPoints.Schema.Where(schema => !declared.Contains(schema) && (schema == one || random.Next(2) == 0))];
        string[] drop = [.. declared.Where(schema => schema == one || random.Next(4) == 0).Select(schema => schema.Name)];
        model.Config = model.Config with { Attributes = [.. declared.Where(schema => !drop.Contains(schema.Name)), .. add] };
        string what = $"{OperationKind.ChangeSchema} of {subject.Name}, adds {add.Length}, drops {drop.Length}";
        return new Step(OperationKind.ChangeSchema, what, async test =>
        {
            EngineResult<CollectionInfo> result = await test.Database.UpdateCollectionAsync(subject.Name, add, drop, new Faults(), Cancellation);
            Assert.Null(result.Error);
            Assert.Equal(model.Config.Attributes, result.Value.Config.Attributes);
            return 0;
        });
    }

    private static EngineResult<long> Count(Collection collection) => collection.Count(FilterSpec.None, 0, new Faults(), Cancellation);
}
