using System.Diagnostics.Metrics;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Makes the meters of one database and counts the slots that its sweeps give back.</summary>
internal sealed class SweepMeter : IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private long _releasedSlots;

    public SweepMeter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "ann.sweep.slots" && ReferenceEquals(instrument.Meter.Scope, this))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, slots, _, _) => Interlocked.Add(ref _releasedSlots, slots));
        _listener.Start();
    }

    public long ReleasedSlots => Volatile.Read(ref _releasedSlots);

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(static meter => meter.Dispose());
    }
}
