namespace AnnServer.Storage;

/// <summary>
/// Those who wait for a commit. They share one task per commit: the one under way, and the next. Hundreds of waiters
/// cost two objects. Every method is called under the writer's gate; the batches are completed outside it.
/// </summary>
internal sealed class CommitWaiters
{
    private TaskCompletionSource? _current;
    private TaskCompletionSource? _next;
    private ulong _currentLsn;

    /// <summary>Whether a commit is under way.</summary>
    public bool Committing { get; private set; }

    /// <summary>Whether somebody waits for a commit that has not begun.</summary>
    public bool NextWanted => _next is not null;

    /// <summary>LSN the commit under way covers.</summary>
    public ulong CurrentLsn => _currentLsn;

    /// <summary>The task that ends when the record is durable.</summary>
    public Task Join(ulong lsn)
    {
        if (Committing && lsn <= _currentLsn)
        {
            return (_current ??= NewBatch()).Task;
        }

        return (_next ??= NewBatch()).Task;
    }

    /// <summary>A commit begins that covers all records up to the LSN.</summary>
    public void Begin(ulong lsn)
    {
        Committing = true;
        _currentLsn = lsn;
        _current = _next;
        _next = null;
    }

    /// <summary>The commit under way is durable; the batch returned has to be told.</summary>
    public TaskCompletionSource? End()
    {
        TaskCompletionSource? batch = _current;
        _current = null;
        Committing = false;
        return batch;
    }

    /// <summary>No commit will come any more; both batches returned have to be told.</summary>
    public (TaskCompletionSource? Current, TaskCompletionSource? Next) Abandon()
    {
        TaskCompletionSource? next = _next;
        _next = null;
        return (End(), next);
    }

    public static void Reject(TaskCompletionSource? batch, Exception cause)
    {
        if (batch is not null)
        {
            batch.SetException(cause);

            // Every waiter may have been cancelled; observed here, the exception does not come up as unobserved.
            _ = batch.Task.Exception;
        }
    }

    // Continuations of many waiters must not run on the committer.
    private static TaskCompletionSource NewBatch() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
