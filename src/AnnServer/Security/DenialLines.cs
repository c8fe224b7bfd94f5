using System.Net;

namespace AnnServer.Security;

/// <summary>
/// Which denied calls get a line in the log: so many a second, and those of one address a quarter of them, so that a flood neither fills the
/// disk nor hides what others try. How many got none is told when the second is over. Any thread.
/// </summary>
internal sealed class DenialLines : IDisposable
{
    private const int Shares = 4;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Func<int> _most;
    private readonly TimeProvider _time;
    private readonly Action<long> _tell;
    private readonly ITimer _timer;

    // Protects everything below; held for a look into the table.
    private readonly Lock _gate = new();

    // No more addresses than lines: who has not got one is not here.
    private readonly Dictionary<IPAddress, int> _written = [];
    private long _begin;
    private int _lines;
    private long _leftOut;

    /// <param name="most">Lines a second, as they are now.</param>
    /// <param name="tell">Gets the number of calls that got no line.</param>
    public DenialLines(Func<int> most, TimeProvider time, Action<long> tell)
    {
        _most = most;
        _time = time;
        _tell = tell;
        _begin = time.GetTimestamp();
        _timer = time.CreateTimer(static lines => ((DenialLines)lines!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Asked once for each denied call.</summary>
    public bool MayWrite(IPAddress? address)
    {
        IPAddress network = RemoteNetwork.Of(address);
        lock (_gate)
        {
            if (_time.GetElapsedTime(_begin) >= Period)
            {
                _begin = _time.GetTimestamp();
                _lines = 0;
                _written.Clear();
            }

            int most = _most();
            int written = _written.GetValueOrDefault(network);
            if (_lines < most && written < Math.Max(1, most / Shares))
            {
                _lines++;
                _written[network] = written + 1;
                return true;
            }

            if (_leftOut++ == 0)
            {
                _timer.Change(Period, Timeout.InfiniteTimeSpan);
            }

            return false;
        }
    }

    /// <summary>Tells what is still to be told.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Tell();
    }

    private void Tell()
    {
        long leftOut;
        lock (_gate)
        {
            leftOut = _leftOut;
            _leftOut = 0;
        }

        if (leftOut > 0)
        {
            _tell(leftOut);
        }
    }
}
