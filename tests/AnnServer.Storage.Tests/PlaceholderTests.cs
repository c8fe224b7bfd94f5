namespace AnnServer.Storage.Tests;
