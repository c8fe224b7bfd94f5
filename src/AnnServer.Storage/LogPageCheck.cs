using System.Buffers.Binary;

namespace AnnServer.Storage;

/// <summary>
/// Looks at the last page of a log before FASTER walks over it: that page is in its memory and taken for sound, and a commit record
/// that is damaged can end the process (see <see cref="CommitRecord"/>). Records of ours are checked when they are read.
/// </summary>
internal static class LogPageCheck
{
    /// <summary>Requires every commit record that a walk from one address to another meets on the page of the latter to be one.</summary>
    /// <exception cref="StorageCorruptionException">One of them is not.</exception>
    public static void Require(StorageLayout layout, LogFormat format, long from, long to)
    {
        long address = Math.Max(from, to / format.PageBytes * format.PageBytes);
        byte[] bytes = new byte[Math.Max(0, to - address)];
        long segment = address / format.SegmentBytes;
        if (bytes.Length == 0 || !File.Exists(layout.Segment(segment)))
        {
            return;
        }

        using var file = new FileStream(layout.Segment(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        file.Seek(address - (segment * format.SegmentBytes), SeekOrigin.Begin);
        bytes = bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        for (int at = 0; at + LogFile.EntryHeaderBytes <= bytes.Length;)
        {
            // As FASTER has it: the length of a commit record is negative, and nothing follows a length of zero on its page.
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + sizeof(ulong)));
            int payload = at + LogFile.EntryHeaderBytes;
            long end = payload + Math.Abs((long)length);
            if (length == 0)
            {
                return;
            }

            if (end > bytes.Length || (length < 0 && !CommitRecord.TryRead(bytes.AsSpan(payload..(int)end), format.LogId, out _)))
            {
                throw new StorageCorruptionException(
                    $"The log in '{layout.LogFolder}' is damaged: it holds something that is neither a record nor a commit.", address + at, 0);
            }

            at = (int)(LogFile.EndOf(address + at, (int)Math.Abs((long)length)) - address);
        }
    }
}
