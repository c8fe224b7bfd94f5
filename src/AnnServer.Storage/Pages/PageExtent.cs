namespace AnnServer.Storage.Pages;

/// <summary>A stretch of the page log that holds pages of one collection alone: what damage in it can have reached.</summary>
internal readonly record struct PageExtent(long From, long To, uint Collection);
