namespace AnnServer.Engine.Querying;

/// <summary>A token to look for, or the beginning of one.</summary>
internal readonly record struct TextToken(string Text, bool IsPrefix)
{
    public bool Covers(ReadOnlySpan<char> token) =>
        IsPrefix ? token.StartsWith(Text, StringComparison.Ordinal) : token.SequenceEqual(Text);

    public override string ToString() => IsPrefix ? Text + '*' : Text;
}
