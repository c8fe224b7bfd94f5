namespace AnnServer.Core.Tests;
