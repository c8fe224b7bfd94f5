using System.Globalization;

namespace AnnServer.LoadGen.Soak;

/// <summary>How often each kind of operation is drawn.</summary>
internal sealed class OperationMix
{
    public const string Default = "search=60,filtered=15,batch=5,upsert=12,delete=4,update=4";

    private readonly double[] _weights = new double[Enum.GetValues<OperationKind>().Length];

    private OperationMix()
    {
    }

    /// <summary>Upserts and deletes draw their points alike, so this is the part of all identifiers that is live in the long run.</summary>
    public double LivePart => Weight(OperationKind.Upsert) == 0
        ? 1
        : Weight(OperationKind.Upsert) / (Weight(OperationKind.Upsert) + Weight(OperationKind.Delete));

    /// <summary>Kinds with their weights, as in <see cref="Default"/>; one that is not named is never drawn.</summary>
    public static OperationMix Parse(string text)
    {
        OperationMix mix = new();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=') is not [{ } name, { } number]
                || !Enum.TryParse(name, ignoreCase: true, out OperationKind kind) || !Enum.IsDefined(kind)
                || !double.TryParse(number, CultureInfo.InvariantCulture, out double weight) || !(weight >= 0 && weight < double.PositiveInfinity))
            {
                throw new FormatException($"'{part}' is not a part of a mix; one is {Default}.");
            }
            mix._weights[(int)kind] = weight;
        }
        if (mix._weights.Sum() <= 0)
            throw new FormatException($"The mix '{text}' has no operation; one is {Default}.");
        if (mix.Weight(OperationKind.Delete) > 0 && mix.Weight(OperationKind.Upsert) == 0)
            throw new FormatException($"The mix '{text}' deletes and never upserts, so that nothing would be left.");
        return mix;
    }

    public OperationKind Draw(Random random)
    {
        double left = random.NextDouble() * _weights.Sum();
        for (int kind = 0; kind < _weights.Length - 1; kind++)
        {
            left -= _weights[kind];
            if (left < 0)
                return (OperationKind)kind;
        }
        return (OperationKind)(_weights.Length - 1);
    }

    private double Weight(OperationKind kind) => _weights[(int)kind];
}
