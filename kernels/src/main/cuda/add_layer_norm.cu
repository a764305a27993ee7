// The end of a transformer sublayer: bias, residual connection and layer normalisation in one pass.
#include "layer_norm.cuh"

template <typename T>
struct Addends {
    const T* x;
    const float* xBias;
    const T* residual;

    template <int P>
    __device__ __forceinline__ void operator()(int column, float (&v)[P]) const {
        float r[P];
        load(v, x + column);
        load(r, residual + column);
        if (xBias != nullptr) {
            float b[P];
            load(b, xBias + column);
#pragma unroll
            for (int i = 0; i < P; i++) {
                v[i] += b[i];
            }
        }
#pragma unroll
        for (int i = 0; i < P; i++) {
            v[i] += r[i];
        }
    }
};

template <typename T>
__device__ __forceinline__ void addLayerNorm(
        const T* x,
        const float* xBias,
        T* residual,
        const float* gain,
        const float* bias,
        float epsilon,
        int rows,
        int columns) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    const long long offset = static_cast<long long>(row) * columns;
    T* to = residual + offset;
    const Addends<T> addends = {x + offset, xBias, to};
    if (columns % CHUNK<T> == 0 && aligned(x) && aligned(xBias) && aligned(residual) && aligned(gain) && aligned(bias)) {
        layerNormRow<T, CHUNK<T>>(to, columns, gain, bias, epsilon, addends);
    } else {
        layerNormRow<T, 1>(to, columns, gain, bias, epsilon, addends);
    }
}

// residual [rows, columns] = LayerNorm(x + xBias + residual) with gain and bias [columns]; xBias may be null.
// Grid ceil(rows / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per row; rows of up to 1024 columns are
// read once.
#define ADD_LAYER_NORM(SUFFIX, T)                                                                              \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) add_layer_norm_##SUFFIX(                           \
            const T* x, const float* xBias, T* residual, const float* gain, const float* bias, float epsilon,  \
            int rows, int columns) {                                                                           \
        addLayerNorm<T>(x, xBias, residual, gain, bias, epsilon, rows, columns);                               \
    }

ADD_LAYER_NORM(f32, float)
ADD_LAYER_NORM(f16, Float16)
ADD_LAYER_NORM(bf16, BFloat16)
