// Normalisation of rows into new ones: by mean and variance, or by the root mean square.
#include "layer_norm.cuh"

template <typename T>
struct Row {
    const T* x;

    template <int P>
    __device__ __forceinline__ void operator()(int column, float (&v)[P]) const {
        load(v, x + column);
    }
};

template <int P>
__device__ __forceinline__ float sumOfSquares(const float (&v)[P]) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < P; i++) {
        sum += v[i] * v[i];
    }
    return sum;
}

template <typename T, int P>
__device__ __forceinline__ void scaleChunk(T* out, int column, float (&v)[P], float scale, const float* gain) {
    float g[P];
    load(g, gain + column);
#pragma unroll
    for (int i = 0; i < P; i++) {
        v[i] = v[i] * scale * g[i];
    }
    store(out + column, v);
}

/** Rows beyond the registers are read twice. */
template <typename T, int P>
__device__ __forceinline__ void rmsNormRow(T* out, const T* x, int columns, const float* gain, float epsilon) {
    const int start = laneIndex() * P;
    constexpr int STEP = WARP * P;
    const float n = static_cast<float>(columns);
    float squares = 0;
    if (columns <= WARP * HELD) {
        float held[HELD / P][P];
#pragma unroll
        for (int c = 0; c < HELD / P; c++) {
            if (start + c * STEP < columns) {
                load(held[c], x + start + c * STEP);
                squares += sumOfSquares(held[c]);
            }
        }
        const float scale = rsqrtf(warpSum(squares) / n + epsilon);
#pragma unroll
        for (int c = 0; c < HELD / P; c++) {
            if (start + c * STEP < columns) {
                scaleChunk(out, start + c * STEP, held[c], scale, gain);
            }
        }
    } else {
        float v[P];
        for (int column = start; column < columns; column += STEP) {
            load(v, x + column);
            squares += sumOfSquares(v);
        }
        const float scale = rsqrtf(warpSum(squares) / n + epsilon);
        for (int column = start; column < columns; column += STEP) {
            load(v, x + column);
            scaleChunk(out, column, v, scale, gain);
        }
    }
}

template <typename T>
__device__ __forceinline__ void layerNorm(
        T* out, const T* x, const float* gain, const float* bias, float epsilon, int rows, int columns) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    const long long offset = static_cast<long long>(row) * columns;
    const Row<T> source = {x + offset};
    if (columns % CHUNK<T> == 0 && aligned(x) && aligned(out) && aligned(gain) && aligned(bias)) {
        layerNormRow<T, CHUNK<T>>(out + offset, columns, gain, bias, epsilon, source);
    } else {
        layerNormRow<T, 1>(out + offset, columns, gain, bias, epsilon, source);
    }
}

template <typename T>
__device__ __forceinline__ void rmsNorm(T* out, const T* x, const float* gain, float epsilon, int rows, int columns) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    const long long offset = static_cast<long long>(row) * columns;
    if (columns % CHUNK<T> == 0 && aligned(x) && aligned(out) && aligned(gain)) {
        rmsNormRow<T, CHUNK<T>>(out + offset, x + offset, columns, gain, epsilon);
    } else {
        rmsNormRow<T, 1>(out + offset, x + offset, columns, gain, epsilon);
    }
}

// layer_norm: out [rows, columns] = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row.
// rms_norm: out [rows, columns] = x / sqrt(mean of squares + epsilon) * gain, row by row. gain and bias [columns].
// Both: grid ceil(rows / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per row; rows of up to 1024 columns
// are read once.
#define NORM(SUFFIX, T)                                                                                       \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) layer_norm_##SUFFIX(                           \
            T* out, const T* x, const float* gain, const float* bias, float epsilon, int rows, int columns) { \
        layerNorm<T>(out, x, gain, bias, epsilon, rows, columns);                                             \
    }                                                                                                         \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) rms_norm_##SUFFIX(                                \
            T* out, const T* x, const float* gain, float epsilon, int rows, int columns) {                    \
        rmsNorm<T>(out, x, gain, epsilon, rows, columns);                                                     \
    }

NORM(f32, float)
NORM(f16, Float16)
NORM(bf16, BFloat16)
