using AnnServer.Core.Filtering;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Collections.Scrolling;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections.Scrolling;

public sealed class IdOrderTests
{
    private const int Slots = 700;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TryTake_SlotsThatGetOtherPoints_IsASortOfWhatIsLive(int seed)
    {
        Random random = new(seed);
        var names = new IdMap();
        var live = new Dictionary<uint, PointId>();
        var order = new IdOrder(0);
        for (uint slot = 0; slot < 500; slot++)
        {
            Name(slot, RandomPoints.Id((int)slot));
        }

        order.Make(Bitmap(live.Keys), names);
        names.Order = order;
        for (int round = 0; round < 60; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                uint slot = (uint)random.Next(Slots);
                live.Remove(slot);
                PointId id = RandomPoints.Id(random.Next(Slots));
                if (random.Next(3) > 0 && !live.ContainsValue(id))
                {
                    Name(slot, id);
                }
            }

            foreach (bool descending in (bool[])[false, true])
            {
                uint[] scope = [.. live.Keys.Where(_ => random.Next(4) > 0)];
                PointId? after = random.Next(3) == 0 ? null : RandomPoints.Id(random.Next(Slots));
                int count = 1 + random.Next(60);
                List<uint> page = [9999];

                Assert.True(order.TryTake(Bitmap(scope), names, after, descending, count, page));

                IEnumerable<uint> sorted = descending ? scope.OrderByDescending(slot => live[slot]) : scope.OrderBy(slot => live[slot]);
                IEnumerable<uint> rest = sorted.Where(slot => after is not { } last || (descending ? live[slot].CompareTo(last) < 0 : live[slot].CompareTo(last) > 0));
                Assert.Equal([9999, .. rest.Take(count)], page);
            }
        }

        Assert.Same(order, names.Order);

        void Name(uint slot, PointId id)
        {
            names.SetId(slot, id);
            live[slot] = id;
        }
    }

    [Fact]
    public void SetId_MoreThanItKeepsApart_GivesTheOrderUp()
    {
        var names = new IdMap();
        names.SetId(0, PointId.FromNumber(0));
        var order = new IdOrder(1);
        order.Make(Bitmap([0]), names);
        names.Order = order;
        List<uint> page = [];
        uint slot = 1;
        for (; names.Order is not null; slot++)
        {
            Assert.True(order.TryTake(Bitmap([0]), names, null, false, 1, page));
            names.SetId(slot, PointId.FromNumber(slot));
        }

        Assert.False(order.TryTake(Bitmap([0]), names, null, false, 1, page));
        Assert.Equal(slot - 1, (uint)page.Count);
        Assert.InRange(slot, 1000u, 2000u);
    }

    private static OrdinalBitmap Bitmap(IEnumerable<uint> ordinals)
    {
        var bitmap = new OrdinalBitmap();
        bitmap.Reset(Slots);
        foreach (uint ordinal in ordinals)
        {
            bitmap.Add(ordinal);
        }

        return bitmap;
    }
}
