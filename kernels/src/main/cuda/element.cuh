// Kernels in which a thread takes an element of rows, or as many neighbours of a row as 16 bytes hold.
#pragma once

#include "common.cuh"

/** The P elements of a [rows, columns] result that a thread is to compute; there are fewer than 2^32 such threads. */
template <int P>
struct Element {
    unsigned row;
    int column;
    bool inside;

    __device__ __forceinline__ Element(int rows, int columns) {
        const unsigned index = blockIdx.x * ROW_BLOCK + threadIdx.x;
        const unsigned chunks = static_cast<unsigned>(columns) / P;
        row = index / chunks;
        column = static_cast<int>(index % chunks) * P;
        inside = row < static_cast<unsigned>(rows);
    }

    /** Where the first of them lies. */
    __device__ __forceinline__ long long place(int columns) const { return static_cast<long long>(row) * columns + column; }
};
