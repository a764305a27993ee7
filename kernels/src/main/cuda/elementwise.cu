// Sums and gated units, element by element.
#include "common.cuh"

struct Sum {
    __device__ __forceinline__ float operator()(float a, float b) const { return a + b; }
};

/** silu(gate) * up. */
struct Gated {
    __device__ __forceinline__ float operator()(float gate, float up) const { return gate / (1 + expf(-gate)) * up; }
};

/** out = combine(a, b) for one strip of a row; out may be a. */
template <typename T, int P, typename Combine>
__device__ __forceinline__ void combineStrip(T* out, const T* a, const T* b, int first, int columns, Combine combine) {
    const int start = first + laneIndex() * P;
#pragma unroll
    for (int c = 0; c < ELEMENT_STRIP / WARP / P; c++) {
        const int column = start + c * WARP * P;
        if (column < columns) {
            float v[P];
            float w[P];
            load(v, a + column);
            load(w, b + column);
#pragma unroll
            for (int i = 0; i < P; i++) {
                v[i] = combine(v[i], w[i]);
            }
            store(out + column, v);
        }
    }
}

/** The same for rows of columns elements; those of a and b begin stride elements apart. */
template <typename T, typename Combine>
__device__ __forceinline__ void combineRows(
        T* out, const T* a, const T* b, int rows, int columns, int stride, Combine combine) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    out += static_cast<long long>(row) * columns;
    a += static_cast<long long>(row) * stride;
    b += static_cast<long long>(row) * stride;
    const bool chunked = columns % CHUNK<T> == 0 && aligned(out) && aligned(a) && aligned(b);
    for (int first = static_cast<int>(blockIdx.y) * ELEMENT_STRIP; first < columns; first += static_cast<int>(gridDim.y) * ELEMENT_STRIP) {
        if (chunked) {
            combineStrip<T, CHUNK<T>>(out, a, b, first, columns, combine);
        } else {
            combineStrip<T, 1>(out, a, b, first, columns, combine);
        }
    }
}

// add: residual [rows, columns] += x.
// swiglu: out [rows, columns] = silu(gate) * up; a row of x [rows, 2 * columns] is the gate's columns, then those of up.
// Both: grid (ceil(rows / WARPS), ceil(columns / ELEMENT_STRIP)), block ROW_BLOCK, dynamic shared memory 0: a warp per
// ELEMENT_STRIP columns of a row. Any grid.y from 1 up is correct.
#define ELEMENTWISE(SUFFIX, T)                                                 \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) add_##SUFFIX(      \
            T* residual, const T* x, int rows, int columns) {                  \
        combineRows(residual, residual, x, rows, columns, columns, Sum());     \
    }                                                                          \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) swiglu_##SUFFIX(   \
            T* out, const T* x, int rows, int columns) {                       \
        combineRows(out, x, x + columns, rows, columns, 2 * columns, Gated()); \
    }

ELEMENTWISE(f32, float)
ELEMENTWISE(f16, Float16)
ELEMENTWISE(bf16, BFloat16)
