// Convolutions of which each input channel is a group of its own, what follows those of cuDNN, and zeros around pictures.
// Pictures are rows, channels last.
#include "activation.cuh"
#include "element.cuh"

/** out[place ...] = activation(sums + residual). */
template <int P, typename T>
__device__ __forceinline__ void finishAt(T* out, float (&sums)[P], const T* residual, long long place, int activation) {
    if (residual != nullptr) {
        float added[P];
        load(added, residual + place);
#pragma unroll
        for (int i = 0; i < P; i++) {
            sums[i] += added[i];
        }
    }
#pragma unroll
    for (int i = 0; i < P; i++) {
        sums[i] = activate(sums[i], activation);
    }
    store(out + place, sums);
}

template <int P, typename T>
__device__ __forceinline__ void depthwise(T* out, const T* x, const T* weights, const float* bias, const T* residual, int n,
        int h, int w, int in, int outH, int outW, int outC, int kernelH, int kernelW, int stride, int dilation, int top,
        int left, int activation) {
    const Element<P> e(n * outH * outW, outC);
    if (!e.inside) {
        return;
    }
    const int column = static_cast<int>(e.row % outW);
    const int line = static_cast<int>(e.row / outW % outH);
    const long long picture = e.row / outW / outH;
    const int channel = P == 1 ? e.column / (outC / in) : e.column;
    float sums[P];
    load(sums, bias + e.column);
    for (int r = 0; r < kernelH; r++) {
        const int y = line * stride + r * dilation - top;
        if (y < 0 || y >= h) {
            continue;
        }
        for (int s = 0; s < kernelW; s++) {
            const int at = column * stride + s * dilation - left;
            if (at < 0 || at >= w) {
                continue;
            }
            float pixel[P];
            float weight[P];
            load(pixel, x + ((picture * h + y) * w + at) * in + channel);
            load(weight, weights + (r * kernelW + s) * outC + e.column);
#pragma unroll
            for (int i = 0; i < P; i++) {
                sums[i] += pixel[i] * weight[i];
            }
        }
    }
    finishAt(out, sums, residual, e.place(outC), activation);
}

template <int P, typename T>
__device__ __forceinline__ void finish(
        T* out, const T* x, const float* bias, const T* residual, int rows, int columns, int activation) {
    const Element<P> e(rows, columns);
    if (!e.inside) {
        return;
    }
    float sums[P];
    float biases[P];
    load(sums, x + e.place(columns));
    load(biases, bias + e.column);
#pragma unroll
    for (int i = 0; i < P; i++) {
        sums[i] += biases[i];
    }
    finishAt(out, sums, residual, e.place(columns), activation);
}

template <typename T>
__device__ __forceinline__ void pad(T* out, const T* x, int n, int h, int w, int outH, int outW, int columns, int top, int left) {
    const Element<1> e(n * outH * outW, columns);
    if (!e.inside) {
        return;
    }
    const int column = static_cast<int>(e.row % outW) - left;
    const int line = static_cast<int>(e.row / outW % outH) - top;
    const long long picture = e.row / outW / outH;
    const bool pixel = column >= 0 && column < w && line >= 0 && line < h;
    assign(out[e.place(columns)], pixel ? toFloat(x[((picture * h + line) * w + column) * columns + e.column]) : 0.0f);
}

// depthwise is told how many blocks are to share a multiprocessor: left alone the compiler would spill registers for more.
// depthwise: out [n * outH * outW, outC] = activation(convolution + bias + residual) of x [n * h * w, in]; output channel c
// sees input channel c / (outC / in). weights [kernelH, kernelW, outC], bias f32 [outC], residual null or as out, which may
// be the same.
// conv_finish: out [rows, columns] = activation(x + bias + residual); all three may be the same.
// pad_planes: out [n * outH * outW, columns] is x [n * h * w, columns] from line top and column left on, else zeros.
// All: grid ceil(elements of out / chunk / ROW_BLOCK), block ROW_BLOCK, dynamic shared memory 0: a thread takes chunk
// channels, 1 or as many as 16 bytes hold, and then in is outC and all addresses and channels are multiples of that.
#define CONVOLUTION(SUFFIX, T)                                                                                              \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK, 4) depthwise_##SUFFIX(T* out, const T* x, const T* weights,     \
            const float* bias, const T* residual, int chunk, int n, int h, int w, int in, int outH, int outW, int outC,     \
            int kernelH, int kernelW, int stride, int dilation, int top, int left, int activation) {                        \
        if (chunk == CHUNK<T>) {                                                                                            \
            depthwise<CHUNK<T>>(out, x, weights, bias, residual, n, h, w, in, outH, outW, outC, kernelH, kernelW, stride,   \
                    dilation, top, left, activation);                                                                       \
        } else {                                                                                                            \
            depthwise<1>(out, x, weights, bias, residual, n, h, w, in, outH, outW, outC, kernelH, kernelW, stride,          \
                    dilation, top, left, activation);                                                                       \
        }                                                                                                                   \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) conv_finish_##SUFFIX(                                           \
            T* out, const T* x, const float* bias, const T* residual, int chunk, int rows, int columns, int activation) {   \
        if (chunk == CHUNK<T>) {                                                                                            \
            finish<CHUNK<T>>(out, x, bias, residual, rows, columns, activation);                                            \
        } else {                                                                                                            \
            finish<1>(out, x, bias, residual, rows, columns, activation);                                                   \
        }                                                                                                                   \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) pad_planes_##SUFFIX(                                            \
            T* out, const T* x, int n, int h, int w, int outH, int outW, int columns, int top, int left) {                  \
        pad<T>(out, x, n, h, w, outH, outW, columns, top, left);                                                            \
    }

CONVOLUTION(f32, float)
CONVOLUTION(f16, Float16)
CONVOLUTION(bf16, BFloat16)
