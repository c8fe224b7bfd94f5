using AnnServer.Engine;
using AnnServer.Engine.Model;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.Rpc;

internal sealed class AdminService(DatabaseHost database, LongWork longWork, ServerOptions options) : Admin.AdminBase
{
    public override async Task<CheckpointResponse> Checkpoint(CheckpointRequest request, ServerCallContext context)
    {
        CheckpointReceipt receipt = (await database.Current.CheckpointAsync(context.CancellationToken)).OrThrow();
        return new CheckpointResponse { Sequence = receipt.Sequence, LogBytes = (ulong)receipt.LogBytes };
    }

    public override async Task<BackupResponse> Backup(BackupRequest request, ServerCallContext context)
    {
        Faults faults = new();
        string? folder = BackupFolders.Resolve(options.BackupDirectory, request.Name, "name", faults);
        string? before = request.Before.Length == 0 ? null : BackupFolders.Resolve(options.BackupDirectory, request.Before, "before", faults);
        if (faults.Any)
        {
            throw StatusMapper.ToException(faults.ToError());
        }

        if (BackupFolders.Refusal(options.BackupDirectory, folder, before) is { } refused)
        {
            throw StatusMapper.ToException(refused);
        }

        try
        {
            BackupInfo info = (await database.Current.BackupAsync(folder!, before, context.CancellationToken)).OrThrow();
            return new BackupResponse
            {
                Sequence = info.Sequence,
                CopiedBytes = (ulong)info.CopiedBytes,
                ReusedBytes = (ulong)info.ReusedBytes,
            };
        }
        catch (IOException error)
        {
            // A full disk, a backup before that is damaged: what is served is not touched by it.
            throw StatusMapper.ToException(EngineError.Of(EngineStatus.FailedPrecondition, $"The backup failed: {error.Message}"));
        }
    }

    public override async Task<RestoreResponse> Restore(RestoreRequest request, ServerCallContext context)
    {
        Faults faults = new();
        string? folder = BackupFolders.Resolve(options.BackupDirectory, request.Name, "name", faults);
        if (faults.Any)
        {
            throw StatusMapper.ToException(faults.ToError());
        }

        if (BackupFolders.RestoreRefusal(options.BackupDirectory, folder!) is { } refused)
        {
            throw StatusMapper.ToException(refused);
        }

        RestoreInfo info = (await database.RestoreAsync(folder!, context.CancellationToken)).OrThrow();
        return new RestoreResponse { Sequence = info.Sequence, Collections = (uint)info.Collections, Points = (ulong)info.Points };
    }

    public override async Task<AuditGraphResponse> AuditGraph(AuditGraphRequest request, ServerCallContext context)
    {
        Engine.Collections.Collection collection = database.Current.GetCollection(request.Collection).OrThrow();
        var report = await longWork.RunAsync(collection.AuditGraph, context.CancellationToken);
        return StatsMapper.ToWire(report.OrThrow());
    }

    public override Task<GetStatsResponse> GetStats(GetStatsRequest request, ServerCallContext context)
    {
        Database open = database.Current;
        return Task.FromResult(StatsMapper.ToWire(open.GetStats(), open.ListCollections(), database.Uptime));
    }
}
