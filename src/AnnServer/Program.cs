using AnnServer.Hosting;
using AnnServer.Security.Keys;

// Standard output carries one line, the addresses; logs and faults go to standard error.
try
{
    if (args is [RestoreCommand.Name, ..])
    {
        await Console.Out.WriteLineAsync(RestoreCommand.Run(args));
        return 0;
    }

    if (args is [KeyCommand.Name, ..])
    {
        await Console.Out.WriteLineAsync(KeyCommand.Run(args));
        return 0;
    }

    if (args is [SettingsCommand.Name, ..])
    {
        await Console.Out.WriteLineAsync(SettingsCommand.Run(args));
        return 0;
    }

    if (args is [HealthCheckCommand.Name, ..])
    {
        string? reason = await HealthCheckCommand.RunAsync(args, CancellationToken.None);
        await (reason is null ? Console.Out : Console.Error).WriteLineAsync(reason ?? "ready");
        return reason is null ? 0 : 1;
    }

    if (HelpCommand.IsAsked(args))
    {
        await Console.Out.WriteLineAsync(HelpCommand.Text);
        return 0;
    }

    HelpCommand.CheckNoCommand(args);
    await using ServerHost server = ServerHost.Build(args);
    await server.StartAsync(CancellationToken.None);
    await Console.Out.WriteLineAsync(server.ReadyLine);
    await server.WaitForShutdownAsync();
    return 0;
}
catch (OperationCanceledException)
{
    // Told to stop while the database was being opened: nothing was acknowledged, so nothing is left to do.
    return 0;
}
catch (SettingsException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or InsufficientMemoryException)
{
    // A port or a directory in use, no permission, damaged data, no address space: the message says it all, a stack trace adds
    // nothing.
    await Console.Error.WriteLineAsync($"AnnServer cannot run: {e.Message}");
    return 1;
}
