using AnnServer.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class AcceptedSettingsTests
{
    [Fact]
    public void Accept_WhoFollowsCannotUseThem_ThoseOfBeforeHold()
    {
        AcceptedSettings accepted = new(Of("good"));
        IConfigurationRoot host = new ConfigurationBuilder().Add(accepted).Build();
        List<string?> followed = [];
        using IDisposable following = ChangeToken.OnChange(host.GetReloadToken, () =>
        {
            followed.Add(host["a"]);
            if (host["a"] == "bad")
            {
                throw new InvalidOperationException("Of no use.");
            }
        });

        SettingsException refused = Assert.Throws<SettingsException>(() => accepted.Accept(Of("bad")));
        Assert.Equal("good", host["a"]);
        accepted.Accept(Of("better"));

        Assert.Equal(["Of no use."], refused.Faults);
        Assert.Equal("better", host["a"]);
        Assert.Equal(["bad", "good", "better"], followed);
    }

    private static IConfigurationRoot Of(string value) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("a", (string?)value)]).Build();
}
