namespace AnnServer.Hosting;

/// <summary>What is made of the settings, and anew when they have changed. Any thread.</summary>
internal sealed class MadeOfOptions<T>(LiveOptions options, Func<ServerOptions, T> make)
    where T : class
{
    private volatile Made? _made;

    public T Value
    {
        get
        {
            ServerOptions current = options.Current;
            Made? made = _made;
            if (made is null || !ReferenceEquals(made.Of, current))
            {
                // Of two threads here either may be the last; the next to ask finds out whether that was the right one.
                _made = made = new Made(current, make(current));
            }

            return made.Value;
        }
    }

    private sealed class Made(ServerOptions of, T value)
    {
        public ServerOptions Of => of;

        public T Value => value;
    }
}
