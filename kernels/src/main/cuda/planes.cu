// Pooling, resizing, factors and bytes of pictures, which are rows, channels last.
#include "element.cuh"

/** Pixels [first, end) of one direction that a pixel of the result is made of. */
struct Span {
    int first;
    int end;
};

/** Of a window that slides; size 0 stands for equal parts, and then stride is how many there are. */
__device__ __forceinline__ Span span(int index, int limit, int size, int stride, int before) {
    if (size == 0) {
        const long long scaled = static_cast<long long>(index) * limit;
        return {static_cast<int>(scaled / stride), static_cast<int>((scaled + limit + stride - 1) / stride)};
    }
    const int from = index * stride - before;
    return {from > 0 ? from : 0, lesser(limit, from + size)};
}

/** Where the pixels of a block's or thread's result lie. */
struct Window {
    Span rows;
    Span columns;
    long long picture;

    __device__ __forceinline__ Window(long long pixel, int h, int w, int outH, int outW, int sizeH, int sizeW, int strideH,
            int strideW, int top, int left) {
        rows = span(static_cast<int>(pixel / outW % outH), h, sizeH, strideH, top);
        columns = span(static_cast<int>(pixel % outW), w, sizeW, strideW, left);
        picture = pixel / outW / outH;
    }

    __device__ __forceinline__ int pixels() const { return (rows.end - rows.first) * (columns.end - columns.first); }
};

/** Sum or maximum of the lines first, first + step, ... of the window, for P channels. */
template <int P, typename T>
__device__ __forceinline__ void reduce(float (&result)[P], const Window& window, const T* x, int h, int w, int channels,
        int channel, bool max, int first, int step) {
#pragma unroll
    for (int i = 0; i < P; i++) {
        result[i] = max ? -infinity() : 0.0f;
    }
    for (int y = window.rows.first + first; y < window.rows.end; y += step) {
        const T* line = x + (window.picture * h + y) * w * channels + channel;
        for (int column = window.columns.first; column < window.columns.end; column++) {
            float values[P];
            load(values, line + static_cast<long long>(column) * channels);
#pragma unroll
            for (int i = 0; i < P; i++) {
                result[i] = max ? maxKeepingNan(values[i], result[i]) : result[i] + values[i];
            }
        }
    }
}

template <int P, typename T>
__device__ __forceinline__ void poolPlanes(T* out, const T* x, int n, int h, int w, int channels, int outH, int outW,
        int sizeH, int sizeW, int strideH, int strideW, int top, int left, int mode, int divisor) {
    const Element<P> e(n * outH * outW, channels);
    if (!e.inside) {
        return;
    }
    const Window window(e.row, h, w, outH, outW, sizeH, sizeW, strideH, strideW, top, left);
    const bool max = mode == POOLING_MAX;
    float result[P];
    reduce(result, window, x, h, w, channels, e.column, max, 0, 1);
    if (!max) {
#pragma unroll
        for (int i = 0; i < P; i++) {
            result[i] /= static_cast<float>(divisor > 0 ? divisor : window.pixels());
        }
    }
    store(out + e.place(channels), result);
}

template <typename T>
__device__ __forceinline__ void poolLarge(T* out, const T* x, int h, int w, int channels, int outH, int outW, int sizeH,
        int sizeW, int strideH, int strideW, int top, int left, int mode, int divisor) {
    __shared__ float parts[WARPS][WARP];
    const Window window(blockIdx.y, h, w, outH, outW, sizeH, sizeW, strideH, strideW, top, left);
    const bool max = mode == POOLING_MAX;
    const int channel = static_cast<int>(blockIdx.x) * WARP + laneIndex();
    if (channel < channels) {
        float part[1];
        reduce(part, window, x, h, w, channels, channel, max, warpIndex(), WARPS);
        parts[warpIndex()][laneIndex()] = part[0];
    }
    __syncthreads();
    if (warpIndex() == 0 && channel < channels) {
        float result = parts[0][laneIndex()];
        for (int i = 1; i < WARPS; i++) {
            const float part = parts[i][laneIndex()];
            result = max ? maxKeepingNan(part, result) : result + part;
        }
        assign(out[static_cast<long long>(blockIdx.y) * channels + channel],
                max ? result : result / static_cast<float>(divisor > 0 ? divisor : window.pixels()));
    }
}

/** Where a pixel of the result lies among those of the picture, whose centres are whole numbers. */
__device__ __forceinline__ float placeOf(int index, int size, int outSize) {
    const float place = (static_cast<float>(index) + 0.5f) * static_cast<float>(size) / static_cast<float>(outSize) - 0.5f;
    return place > 0 ? place : 0.0f;
}

template <typename T>
__device__ __forceinline__ void upsample(T* out, const T* x, int n, int h, int w, int channels, int outH, int outW, int mode) {
    const long long index = static_cast<long long>(blockIdx.x) * ROW_BLOCK + threadIdx.x;
    const long long pixel = index / channels;
    if (pixel >= static_cast<long long>(n) * outH * outW) {
        return;
    }
    const int column = static_cast<int>(pixel % outW);
    const int line = static_cast<int>(pixel / outW % outH);
    const T* picture = x + pixel / outW / outH * h * w * channels + index % channels;
    if (mode == UPSAMPLING_NEAREST) {
        const long long y = static_cast<long long>(line) * h / outH;
        const long long at = static_cast<long long>(column) * w / outW;
        out[index] = picture[(y * w + at) * channels];
        return;
    }
    const float placeY = placeOf(line, h, outH);
    const float placeX = placeOf(column, w, outW);
    const int upper = lesser(static_cast<int>(placeY), h - 1);
    const int left = lesser(static_cast<int>(placeX), w - 1);
    const int lower = lesser(upper + 1, h - 1);
    const int right = lesser(left + 1, w - 1);
    const float down = placeY - static_cast<float>(upper);
    const float across = placeX - static_cast<float>(left);
    auto at = [&](int y, int column) { return toFloat(picture[(static_cast<long long>(y) * w + column) * channels]); };
    const float above = (1 - across) * at(upper, left) + across * at(upper, right);
    const float below = (1 - across) * at(lower, left) + across * at(lower, right);
    assign(out[index], (1 - down) * above + down * below);
}

template <int P, typename T>
__device__ __forceinline__ void scale(T* x, const T* factors, int rows, int pixels, int channels) {
    const Element<P> e(rows, channels);
    if (!e.inside) {
        return;
    }
    float values[P];
    float scales[P];
    load(values, x + e.place(channels));
    load(scales, factors + static_cast<long long>(e.row / pixels) * channels + e.column);
#pragma unroll
    for (int i = 0; i < P; i++) {
        values[i] *= scales[i];
    }
    store(x + e.place(channels), values);
}

template <typename T>
__device__ __forceinline__ void normalise(
        T* out, const unsigned char* x, const float* factors, const float* summands, long long elements, int channels) {
    const long long index = static_cast<long long>(blockIdx.x) * ROW_BLOCK + threadIdx.x;
    if (index < elements) {
        const int channel = static_cast<int>(index % channels);
        assign(out[index], static_cast<float>(x[index]) * factors[channel] + summands[channel]);
    }
}

// pool_planes: out [n * outH * outW, channels] = maximum (NaN stays) or mean of a window of x [n * h * w, channels]. The
// divisor of a mean is the number of pixels where it is 0. A size of 0 stands for adaptive pooling: equal parts, as many as
// the stride says. Grid ceil(elements of out / chunk / ROW_BLOCK): a thread takes chunk channels, 1 or as many as 16 bytes
// hold, and then all addresses and channels are multiples of that.
// pool_large: the same for large windows. Grid (ceil(channels / WARP), n * outH * outW): warps share out a window's lines.
// upsample: out [n * outH * outW, channels] from x [n * h * w, channels], as Upsampling.java numbers the modes.
// scale_channels: x [rows, channels] *= factors [pictures, channels], chunks and grid as of pool_planes.
// normalise: out [elements] = x * factors [channels] + summands [channels].
// pool_planes is told how many blocks are to share a multiprocessor: left alone the compiler would spill registers for more.
// Where nothing else is said: grid ceil(elements / ROW_BLOCK), a thread per element. All: block ROW_BLOCK, dynamic shared
// memory 0.
#define PLANES(SUFFIX, T)                                                                                                    \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK, 3) pool_planes_##SUFFIX(T* out, const T* x, int chunk, int n,    \
            int h, int w, int channels, int outH, int outW, int sizeH, int sizeW, int strideH, int strideW, int top,         \
            int left, int mode, int divisor) {                                                                               \
        if (chunk == CHUNK<T>) {                                                                                             \
            poolPlanes<CHUNK<T>>(out, x, n, h, w, channels, outH, outW, sizeH, sizeW, strideH, strideW, top, left, mode,     \
                    divisor);                                                                                                \
        } else {                                                                                                             \
            poolPlanes<1>(out, x, n, h, w, channels, outH, outW, sizeH, sizeW, strideH, strideW, top, left, mode, divisor);  \
        }                                                                                                                    \
    }                                                                                                                        \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) pool_large_##SUFFIX(T* out, const T* x, int n, int h, int w,     \
            int channels, int outH, int outW, int sizeH, int sizeW, int strideH, int strideW, int top, int left, int mode,   \
            int divisor) {                                                                                                   \
        poolLarge<T>(out, x, h, w, channels, outH, outW, sizeH, sizeW, strideH, strideW, top, left, mode, divisor);          \
    }                                                                                                                        \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) upsample_##SUFFIX(                                               \
            T* out, const T* x, int n, int h, int w, int channels, int outH, int outW, int mode) {                           \
        upsample<T>(out, x, n, h, w, channels, outH, outW, mode);                                                            \
    }                                                                                                                        \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) scale_channels_##SUFFIX(                                         \
            T* x, const T* factors, int chunk, int rows, int pixels, int channels) {                                         \
        if (chunk == CHUNK<T>) {                                                                                             \
            scale<CHUNK<T>>(x, factors, rows, pixels, channels);                                                             \
        } else {                                                                                                             \
            scale<1>(x, factors, rows, pixels, channels);                                                                    \
        }                                                                                                                    \
    }                                                                                                                        \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) normalise_##SUFFIX(T* out, const unsigned char* x,               \
            const float* factors, const float* summands, long long elements, int channels) {                                 \
        normalise<T>(out, x, factors, summands, elements, channels);                                                         \
    }

PLANES(f32, float)
PLANES(f16, Float16)
PLANES(bf16, BFloat16)
