using AnnServer.LoadGen.Commands;

return await LoadGenCommands.Build().Parse(args).InvokeAsync();
