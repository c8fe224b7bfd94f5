using System.Buffers;
using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <content>The vectors and their codes.</content>
internal sealed unsafe partial class GraphStore
{
    /// <summary>Elements of a row that the kernels read: the dimension rounded up to a cache line, the rest zero.</summary>
    public int Length { get; }

    /// <summary>Whether a float after the first <see cref="Length"/> elements of a row holds the inverse norm of the vector.</summary>
    public bool HasScale { get; }

    /// <summary>Bytes of a row of a vector.</summary>
    public int VectorBytes { get; }

    /// <summary>The rows of the vectors where they need not be in memory; else null.</summary>
    public MovableRows? Movable { get; }

    /// <summary>The row of a vector, floats or halves, where all are in memory.</summary>
    public byte* Vector(uint ordinal) => _vectors!.Row(ordinal);

    /// <summary>Codes of a row that the kernels read: the dimension rounded up to what they read at once.</summary>
    public int CodeLength { get; }

    /// <summary>The codes of a vector, where the graph is walked on codes.</summary>
    public byte* Code(uint ordinal) => _codes!.Row(ordinal);

    /// <summary>Bytes of a vector as it is kept, without padding.</summary>
    public int KeptBytes => Parameters.Dimension * (Parameters.UseHalves ? sizeof(Half) : sizeof(float));

    /// <summary>Writes the row and the codes of a vector; the buffer is used meanwhile.</summary>
    public void WriteVector(uint ordinal, ReadOnlySpan<float> vector, AlignedBuffer<float> buffer)
    {
        Debug.Assert(vector.Length == Parameters.Dimension, "The caller checks dimensions.");
        byte* row = Movable is null ? Vector(ordinal) : Movable.RowToWrite(ordinal);
        WriteCodes(ordinal, WriteRow(row, vector, buffer), buffer);
    }

    /// <summary>Lays a vector out as a row. Returns what is kept of it, which lies in the buffer where that differs.</summary>
    public ReadOnlySpan<float> WriteRow(byte* row, ReadOnlySpan<float> vector, AlignedBuffer<float> buffer)
    {
        if (!Parameters.UseHalves)
        {
            LoadQuery(vector, (float*)row);
            return vector;
        }

        var halves = new Span<Half>(row, Length);
        TensorPrimitives.ConvertToHalf(vector, halves);
        halves[vector.Length..].Clear();
        // The norm and the codes are those of what is kept, which is all that whoever reads the point back has. Behind the room for codes.
        buffer.EnsureLength(CodeLength + vector.Length);
        var kept = new Span<float>(buffer.Pointer + CodeLength, vector.Length);
        ToFloats(new ReadOnlySpan<byte>(row, KeptBytes), kept);
        if (HasScale)
        {
            *(float*)((Half*)row + Length) = InverseNorm.Of(kept);
        }

        return kept;
    }

    /// <summary>Writes the codes of a vector as it is kept.</summary>
    public void WriteCodes(uint ordinal, ReadOnlySpan<float> vector, AlignedBuffer<float> buffer)
    {
        switch (Parameters.Codes)
        {
            case CodeKind.Int8:
                CodeKernel.Encode(vector, Parameters.Distance, Code(ordinal), CodeLength);
                break;
            case CodeKind.Int4:
                // As long already where the vector lies behind it.
                buffer.EnsureLength(CodeLength);
                LoadRotated(vector, buffer.Pointer);
                NibbleKernel.Encode(new ReadOnlySpan<float>(buffer.Pointer, CodeLength), Code(ordinal));
                break;
        }
    }

    /// <summary>Lays a vector out as codes of 4 bits are made of it: of length 1 under the cosine, padded with zeros, and rotated.</summary>
    public void LoadRotated(ReadOnlySpan<float> vector, float* rotated)
    {
        var target = new Span<float>(rotated, CodeLength);
        if (HasScale)
        {
            TensorPrimitives.Multiply(vector, InverseNorm.Of(vector), target);
        }
        else
        {
            vector.CopyTo(target);
        }

        target[vector.Length..].Clear();
        _rotation!.Apply(rotated);
    }

    /// <summary>
    /// Lays a vector out as the query of the kernels, which is also a row of floats: padded with zeros, followed by its inverse
    /// norm where the distance needs it.
    /// </summary>
    public void LoadQuery(ReadOnlySpan<float> vector, float* query)
    {
        var target = new Span<float>(query, Length);
        vector.CopyTo(target);
        target[vector.Length..].Clear();
        if (HasScale)
        {
            query[Length] = InverseNorm.Of(vector);
        }
    }

    /// <summary>The vector of an ordinal as floats.</summary>
    public void CopyVector(uint ordinal, Span<float> vector)
    {
        if (Movable is null)
        {
            ToFloats(new ReadOnlySpan<byte>(Vector(ordinal), KeptBytes), vector);
            return;
        }

        using IMemoryOwner<byte> kept = MemoryPool<byte>.Shared.Rent(KeptBytes);
        Span<byte> bytes = kept.Memory.Span[..KeptBytes];
        Movable.Read([ordinal], KeptBytes, bytes);
        ToFloats(bytes, vector);
    }

    /// <summary>Lays out the rows of vectors that need not be in memory, one after another.</summary>
    public void CopyVectors(ReadOnlySpan<uint> ordinals, AlignedBuffer<byte> rows, AlignedBuffer<float> buffer)
    {
        // The bytes as they are kept lie behind the rows.
        int from = ordinals.Length * VectorBytes;
        rows.EnsureLength(from + (ordinals.Length * KeptBytes));
        var kept = new Span<byte>(rows.Pointer + from, ordinals.Length * KeptBytes);
        Movable!.Read(ordinals, KeptBytes, kept);
        for (int i = 0; i < ordinals.Length; i++)
        {
            LoadRow(rows.Pointer + (i * VectorBytes), kept.Slice(i * KeptBytes, KeptBytes), buffer);
        }
    }

    /// <summary>Lays out the bytes in which a vector is kept as a row. Returns it as floats, which may lie in the buffer.</summary>
    public ReadOnlySpan<float> LoadRow(byte* row, ReadOnlySpan<byte> kept, AlignedBuffer<float> buffer)
    {
        if (!Parameters.UseHalves)
        {
            return WriteRow(row, MemoryMarshal.Cast<byte, float>(kept), buffer);
        }

        int length = Parameters.Dimension;
        buffer.EnsureLength(CodeLength + (2 * length));
        var floats = new Span<float>(buffer.Pointer + CodeLength + length, length);
        ToFloats(kept, floats);
        return WriteRow(row, floats, buffer);
    }

    private void ToFloats(ReadOnlySpan<byte> kept, Span<float> vector)
    {
        if (Parameters.UseHalves)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(kept), vector);
        }
        else
        {
            MemoryMarshal.Cast<byte, float>(kept).CopyTo(vector);
        }
    }
}
