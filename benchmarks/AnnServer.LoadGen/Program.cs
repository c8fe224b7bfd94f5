using AnnServer.LoadGen.Commands;

return await LoadGenCommands.RunAsync(args, Console.Error, CancellationToken.None);
