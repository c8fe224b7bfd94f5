using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class BackupTests(ServerFixture server) : ServerTest(server)
{
    [Fact]
    public async Task Backup_Restored_AnswersAsBefore()
    {
        string collection = await CreateAsync(attributes: new AttributeSchema { Name = "n", Type = AttributeType.Int64 });
        await UpsertAsync(collection, [.. Enumerable.Range(0, 200).Select(i => Make.Point((ulong)i, Make.Vector(i, 1, 0, 0), ("n", Make.Int(i))))]);
        SearchRequest search = new() { Collection = collection, Vector = Make.Vector(40.4f, 1, 0, 0), K = 7, WithAttributes = true, WithVector = true };
        SearchResponse before = await Server.Points.SearchAsync(search, cancellationToken: Cancellation);
        BackupResponse first = await Server.Admin.BackupAsync(new BackupRequest { Name = $"{collection}-1" }, cancellationToken: Cancellation);
        await UpsertAsync(collection, [Make.Point(1000, Make.Vector(40.4f, 1, 0, 0))]);
        BackupResponse second = await Server.Admin.BackupAsync(
            new BackupRequest { Name = $"{collection}-2", Before = $"{collection}-1" }, cancellationToken: Cancellation);

        Assert.InRange(second.Sequence, first.Sequence + 1, ulong.MaxValue);
        Assert.InRange(first.CopiedBytes, 1000UL, ulong.MaxValue);
        using TempDirectory parent = new();
        string data = Path.Combine(parent.Path, "data");
        string said = RestoreCommand.Run(["restore", "--from", Path.Combine(Server.BackupDirectory, $"{collection}-1"), "--to", data]);
        Assert.Contains($"{first.Sequence}.", said, StringComparison.Ordinal);
        await using ServerHost restored = ServerHost.Build(
            [$"--Ann:DataDirectory={data}", "--Ann:GrpcPort=0", "--Ann:HttpPort=0"]);
        await restored.StartAsync(Cancellation);
        using Grpc.Net.Client.GrpcChannel channel = Grpc.Net.Client.GrpcChannel.ForAddress(restored.GrpcAddress);
        Assert.Equal(before, await new Points.PointsClient(channel).SearchAsync(search, cancellationToken: Cancellation));
        await restored.StopAsync(Cancellation);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../elsewhere")]
    [InlineData("/tmp/elsewhere")]
    [InlineData(".hidden")]
    [InlineData("a b")]
    public async Task Backup_NameThatIsNone_IsRefused(string name)
    {
        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await Server.Admin.BackupAsync(new BackupRequest { Name = name, Before = name + "!" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["name", "before"], Make.FaultyFields(error));
    }

    [Fact]
    public async Task Backup_WhatIsThereOrIsNot_IsRefused()
    {
        string name = $"b{Guid.NewGuid():N}";
        await Server.Admin.BackupAsync(new BackupRequest { Name = name }, cancellationToken: Cancellation);

        Assert.Equal(StatusCode.AlreadyExists, await StatusOf(new BackupRequest { Name = name }));
        Assert.Equal(StatusCode.NotFound, await StatusOf(new BackupRequest { Name = name + "-2", Before = "absent" }));

        async Task<StatusCode> StatusOf(BackupRequest request) =>
            (await Assert.ThrowsAsync<RpcException>(async () => await Server.Admin.BackupAsync(request, cancellationToken: Cancellation))).StatusCode;
    }

    [Theory]
    [InlineData("--from", "--from is missing", "--to is missing")]
    [InlineData("--form x --to y", "--form is unknown", "--from is missing")]
    public void Restore_WrongArguments_ReportsEach(string arguments, params string[] faults)
    {
        SettingsException error = Assert.Throws<SettingsException>(() => RestoreCommand.Run(["restore", .. arguments.Split(' ')]));

        Assert.Equal(faults.Length, error.Faults.Count);
        Assert.All(faults, (fault, i) => Assert.StartsWith(fault, error.Faults[i], StringComparison.Ordinal));
    }
}
