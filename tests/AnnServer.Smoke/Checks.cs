namespace AnnServer.Smoke;

/// <summary>Counts what was checked.</summary>
internal sealed class Checks
{
    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public string Summary => $"{Passed} passed, {Failed} failed";

    public void That(string what, bool holds)
    {
        if (holds)
        {
            Passed++;
        }
        else
        {
            Failed++;
        }

        Console.WriteLine($"{(holds ? "pass" : "FAIL")}: {what}");
    }
}
