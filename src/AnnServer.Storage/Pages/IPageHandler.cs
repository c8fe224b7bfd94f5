namespace AnnServer.Storage.Pages;

/// <summary>Receives the pages of a checkpoint.</summary>
public interface IPageHandler
{
    /// <summary>
    /// Called for every image, the newest of a page first; those of the same page that follow are out of date. An exception ends the
    /// loading.
    /// </summary>
    void OnPage(in Page page);
}
