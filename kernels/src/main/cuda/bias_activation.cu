// What follows a linear layer's product: bias and activation, in place.
#include "activation.cuh"

template <typename T, int P>
__device__ __forceinline__ void biasActivationStrip(T* y, const float* bias, int first, int columns, int activation) {
    const int start = first + laneIndex() * P;
#pragma unroll
    for (int c = 0; c < ELEMENT_STRIP / WARP / P; c++) {
        const int column = start + c * WARP * P;
        if (column < columns) {
            float v[P];
            load(v, y + column);
            if (bias != nullptr) {
                float b[P];
                load(b, bias + column);
#pragma unroll
                for (int i = 0; i < P; i++) {
                    v[i] += b[i];
                }
            }
#pragma unroll
            for (int i = 0; i < P; i++) {
                v[i] = activate(v[i], activation);
            }
            store(y + column, v);
        }
    }
}

template <typename T>
__device__ __forceinline__ void biasActivation(T* y, const float* bias, int rows, int columns, int activation) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    T* at = y + static_cast<long long>(row) * columns;
    const bool chunked = columns % CHUNK<T> == 0 && aligned(y) && aligned(bias);
    for (int first = static_cast<int>(blockIdx.y) * ELEMENT_STRIP; first < columns; first += static_cast<int>(gridDim.y) * ELEMENT_STRIP) {
        if (chunked) {
            biasActivationStrip<T, CHUNK<T>>(at, bias, first, columns, activation);
        } else {
            biasActivationStrip<T, 1>(at, bias, first, columns, activation);
        }
    }
}

// y [rows, columns] = activation(y + bias); bias [columns] may be null.
// activation: as Activation.java numbers them; NaN stays.
// Grid (ceil(rows / WARPS), ceil(columns / ELEMENT_STRIP)), block ROW_BLOCK, dynamic shared memory 0: a warp per
// ELEMENT_STRIP columns of a row. Any grid.y from 1 up is correct.
#define BIAS_ACTIVATION(SUFFIX, T)                                                    \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) bias_activation_##SUFFIX( \
            T* y, const float* bias, int rows, int columns, int activation) {         \
        biasActivation<T>(y, bias, rows, columns, activation);                        \
    }

BIAS_ACTIVATION(f32, float)
BIAS_ACTIVATION(f16, Float16)
BIAS_ACTIVATION(bf16, BFloat16)
