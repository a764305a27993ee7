// Convolutions of which each input channel is a group of its own, what follows those of cuDNN, and zeros around pictures.
// Pictures are rows, channels last.
#include "activation.cuh"

/** What a thread is to compute: the element of a [rows, columns] result that its number says. */
struct Element {
    long long row;
    int column;
    bool inside;

    __device__ __forceinline__ Element(long long rows, int columns) {
        const long long index = static_cast<long long>(blockIdx.x) * ROW_BLOCK + threadIdx.x;
        row = index / columns;
        column = static_cast<int>(index % columns);
        inside = row < rows;
    }
};

template <typename T>
__device__ __forceinline__ void depthwise(T* out, const T* x, const T* weights, const float* bias, const T* residual, int n,
        int h, int w, int in, int outH, int outW, int outC, int kernelH, int kernelW, int stride, int dilation, int top,
        int left, int activation) {
    const Element e(static_cast<long long>(n) * outH * outW, outC);
    if (!e.inside) {
        return;
    }
    const int column = static_cast<int>(e.row % outW);
    const int line = static_cast<int>(e.row / outW % outH);
    const long long picture = e.row / outW / outH;
    const int channel = e.column / (outC / in);
    float sum = bias[e.column];
    for (int r = 0; r < kernelH; r++) {
        const int y = line * stride + r * dilation - top;
        if (y < 0 || y >= h) {
            continue;
        }
        for (int s = 0; s < kernelW; s++) {
            const int at = column * stride + s * dilation - left;
            if (at >= 0 && at < w) {
                sum += toFloat(x[((picture * h + y) * w + at) * in + channel]) *
                        toFloat(weights[(r * kernelW + s) * outC + e.column]);
            }
        }
    }
    const long long place = e.row * outC + e.column;
    if (residual != nullptr) {
        sum += toFloat(residual[place]);
    }
    assign(out[place], activate(sum, activation));
}

template <typename T>
__device__ __forceinline__ void finish(
        T* out, const T* x, const float* bias, const T* residual, long long rows, int columns, int activation) {
    const Element e(rows, columns);
    if (e.inside) {
        const long long place = e.row * columns + e.column;
        float sum = toFloat(x[place]) + bias[e.column];
        if (residual != nullptr) {
            sum += toFloat(residual[place]);
        }
        assign(out[place], activate(sum, activation));
    }
}

template <typename T>
__device__ __forceinline__ void pad(T* out, const T* x, int n, int h, int w, int outH, int outW, int columns, int top, int left) {
    const Element e(static_cast<long long>(n) * outH * outW, columns);
    if (!e.inside) {
        return;
    }
    const int column = static_cast<int>(e.row % outW) - left;
    const int line = static_cast<int>(e.row / outW % outH) - top;
    const long long picture = e.row / outW / outH;
    const bool pixel = column >= 0 && column < w && line >= 0 && line < h;
    assign(out[e.row * columns + e.column], pixel ? toFloat(x[((picture * h + line) * w + column) * columns + e.column]) : 0.0f);
}

// depthwise: out [n * outH * outW, outC] = activation(convolution + bias + residual) of x [n * h * w, in]; output channel c
// sees input channel c / (outC / in). weights [kernelH, kernelW, outC], bias f32 [outC], residual null or as out, which may
// be the same.
// conv_finish: out [rows, columns] = activation(x + bias + residual); all three may be the same.
// pad_planes: out [n * outH * outW, columns] is x [n * h * w, columns] from line top and column left on, else zeros.
// All: grid ceil(elements of out / ROW_BLOCK), block ROW_BLOCK, dynamic shared memory 0: a thread per element.
#define CONVOLUTION(SUFFIX, T)                                                                                              \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) depthwise_##SUFFIX(T* out, const T* x, const T* weights,        \
            const float* bias, const T* residual, int n, int h, int w, int in, int outH, int outW, int outC, int kernelH,   \
            int kernelW, int stride, int dilation, int top, int left, int activation) {                                     \
        depthwise<T>(out, x, weights, bias, residual, n, h, w, in, outH, outW, outC, kernelH, kernelW, stride, dilation,     \
                top, left, activation);                                                                                     \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) conv_finish_##SUFFIX(                                           \
            T* out, const T* x, const float* bias, const T* residual, long long rows, int columns, int activation) {        \
        finish<T>(out, x, bias, residual, rows, columns, activation);                                                       \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) pad_planes_##SUFFIX(                                            \
            T* out, const T* x, int n, int h, int w, int outH, int outW, int columns, int top, int left) {                  \
        pad<T>(out, x, n, h, w, outH, outW, columns, top, left);                                                            \
    }

CONVOLUTION(f32, float)
CONVOLUTION(f16, Float16)
CONVOLUTION(bf16, BFloat16)
