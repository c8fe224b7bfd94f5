using System.CommandLine;

namespace AnnServer.LoadGen.Commands;

/// <summary>Bounds of numbers on the command line.</summary>
internal static class OptionBounds
{
    /// <summary>Refuses values outside the bounds. A default is not looked at: to a validator its value is 0.</summary>
    public static void Within(this Option<int> option, int least, int most, string message) => option.Validators.Add(result =>
    {
        if (result.Implicit)
            return;
        int value = result.GetValueOrDefault<int>();
        if (value < least || value > most)
            result.AddError(message);
    });

    /// <summary>Refuses what is not more than 0; see <see cref="Within"/> about defaults.</summary>
    public static void Positive(this Option<double> option) => option.Validators.Add(result =>
    {
        if (!result.Implicit && !(result.GetValueOrDefault<double>() > 0))
            result.AddError($"{option.Name} is more than 0.");
    });
}
