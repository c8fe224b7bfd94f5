using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Model;

public sealed class FaultsTests
{
    [Fact]
    public void Add_FieldOrWhatLiesWithinAgain_KeepsTheFirst()
    {
        var faults = new Faults();
        using (faults.Within("points[0]"))
        {
            faults.Add("vector", "is missing");
            faults.Add("vector", "has 0 elements");
            faults.Add("vector.packed", "is empty");
            faults.Add("id", "is missing");
        }

        EngineError error = faults.ToError();

        Assert.Equal(
            [new FieldViolation("points[0].vector", "is missing"), new FieldViolation("points[0].id", "is missing")], error.Violations);
        Assert.StartsWith("2 faults", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddAnother_SameField_KeepsBoth()
    {
        var faults = new Faults();
        faults.AddAnother("filter.expression", "column 1");
        faults.AddAnother("filter.expression", "column 9");

        Assert.Equal(2, faults.ToError().Violations.Count);
    }

    [Fact]
    public void ToError_MoreThanTheLimit_CountsAllAndSaysHowManyAreNotListed()
    {
        var faults = new Faults();
        for (int i = 0; i < Faults.Limit + 7; i++)
        {
            faults.Add($"points[{i}].id", "is missing");
        }

        EngineError error = faults.ToError();

        Assert.Equal(Faults.Limit, error.Violations.Count);
        Assert.Equal(7, error.Unlisted);
        Assert.StartsWith($"{Faults.Limit + 7} faults", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Within_NestedScopes_PutTheirPathsBeforeTheField()
    {
        var faults = new Faults();
        using (faults.Within("points", 3))
        {
            faults.Add("id", "is missing");
            using (faults.Within("vector"))
            {
                faults.Add("packed", "is short");
            }

            faults.Add("attributes", "are many");
        }

        faults.Add("durability", "is unknown");

        Assert.Equal(
            ["points[3].id", "points[3].vector.packed", "points[3].attributes", "durability"],
            faults.ToError().Violations.Select(violation => violation.Field));
    }
}
