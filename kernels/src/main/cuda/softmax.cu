// Softmax over rows.
#include "common.cuh"

/** Elements a lane keeps in registers: rows of up to 32 of these are read once. */
constexpr int HELD = 32;

template <typename T, int P>
__device__ __forceinline__ void softmaxHeld(T* out, const T* x, int columns) {
    const int start = laneIndex() * P;
    constexpr int STEP = WARP * P;
    float held[HELD / P][P];
    float top = -infinity();
#pragma unroll
    for (int c = 0; c < HELD / P; c++) {
        if (start + c * STEP < columns) {
            load(held[c], x + start + c * STEP);
#pragma unroll
            for (int i = 0; i < P; i++) {
                top = maxKeepingNan(top, held[c][i]);
            }
        }
    }
    top = warpMax(top);
    float sum = 0;
#pragma unroll
    for (int c = 0; c < HELD / P; c++) {
        if (start + c * STEP < columns) {
#pragma unroll
            for (int i = 0; i < P; i++) {
                held[c][i] = expf(held[c][i] - top);
                sum += held[c][i];
            }
        }
    }
    const float scale = 1 / warpSum(sum);
#pragma unroll
    for (int c = 0; c < HELD / P; c++) {
        if (start + c * STEP < columns) {
#pragma unroll
            for (int i = 0; i < P; i++) {
                held[c][i] *= scale;
            }
            store(out + start + c * STEP, held[c]);
        }
    }
}

/** For rows beyond the registers: reads the row three times. */
template <typename T, int P>
__device__ __forceinline__ void softmaxLong(T* out, const T* x, int columns) {
    const int start = laneIndex() * P;
    float v[P];
    float top = -infinity();
    for (int column = start; column < columns; column += WARP * P) {
        load(v, x + column);
#pragma unroll
        for (int i = 0; i < P; i++) {
            top = maxKeepingNan(top, v[i]);
        }
    }
    top = warpMax(top);
    float sum = 0;
    for (int column = start; column < columns; column += WARP * P) {
        load(v, x + column);
#pragma unroll
        for (int i = 0; i < P; i++) {
            sum += expf(v[i] - top);
        }
    }
    const float scale = 1 / warpSum(sum);
    for (int column = start; column < columns; column += WARP * P) {
        load(v, x + column);
#pragma unroll
        for (int i = 0; i < P; i++) {
            v[i] = expf(v[i] - top) * scale;
        }
        store(out + column, v);
    }
}

template <typename T, int P>
__device__ __forceinline__ void softmaxRow(T* out, const T* x, int columns) {
    if (columns <= WARP * HELD) {
        softmaxHeld<T, P>(out, x, columns);
    } else {
        softmaxLong<T, P>(out, x, columns);
    }
}

template <typename T>
__device__ __forceinline__ void softmax(T* out, const T* x, int rows, int columns) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    const long long offset = static_cast<long long>(row) * columns;
    if (columns % CHUNK<T> == 0 && aligned(out) && aligned(x)) {
        softmaxRow<T, CHUNK<T>>(out + offset, x + offset, columns);
    } else {
        softmaxRow<T, 1>(out + offset, x + offset, columns);
    }
}

// out [rows, columns] = softmax over each row of x; out may be x. A NaN makes its whole row NaN.
// Grid ceil(rows / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per row; rows of up to 1024 columns are
// read once.
#define SOFTMAX(SUFFIX, T)                                                                                           \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) softmax_##SUFFIX(T* out, const T* x, int rows, int columns) { \
        softmax<T>(out, x, rows, columns);                                                                           \
    }

SOFTMAX(f32, float)
SOFTMAX(f16, Float16)
SOFTMAX(bf16, BFloat16)
