namespace AnnServer.Engine.Tests;
