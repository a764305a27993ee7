// Group norm of pictures, which are rows, channels last.
#include "common.cuh"

/** Sum over the block, in every thread. */
__device__ __forceinline__ float blockSum(float x, float* parts) {
    const float sum = warpSum(x);
    __syncthreads(); // parts of a sum before this one were read
    if (laneIndex() == 0) {
        parts[warpIndex()] = sum;
    }
    __syncthreads();
    float total = 0;
    for (int i = 0; i < WARPS; i++) {
        total += parts[i];
    }
    return total;
}

template <typename T>
__device__ __forceinline__ void groupNorm(
        T* out, const T* x, const float* gain, const float* bias, float epsilon, int pixels, int channels, int width) {
    __shared__ float parts[WARPS];
    const int first = static_cast<int>(blockIdx.x) * width;
    const long long picture = static_cast<long long>(blockIdx.y) * pixels * channels;
    const int count = pixels * width;
    auto place = [&](int i) { return picture + static_cast<long long>(i / width) * channels + first + i % width; };
    float sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < count; i += ROW_BLOCK) {
        sum += toFloat(x[place(i)]);
    }
    const float mean = blockSum(sum, parts) / static_cast<float>(count);
    float squares = 0;
    for (int i = static_cast<int>(threadIdx.x); i < count; i += ROW_BLOCK) {
        const float centred = toFloat(x[place(i)]) - mean;
        squares += centred * centred;
    }
    const float inverse = 1 / sqrtf(blockSum(squares, parts) / static_cast<float>(count) + epsilon);
    for (int i = static_cast<int>(threadIdx.x); i < count; i += ROW_BLOCK) {
        const int channel = first + i % width;
        assign(out[place(i)], (toFloat(x[place(i)]) - mean) * inverse * gain[channel] + bias[channel]);
    }
}

// out [pictures * pixels, channels] = (x - mean) / sqrt(variance + epsilon) * gain + bias over each picture's pixels and
// the width channels of a group. gain and bias f32 [channels].
// Grid (channels / width, pictures), block ROW_BLOCK, dynamic shared memory 0: a block per group of a picture.
#define GROUP_NORM(SUFFIX, T)                                                                                     \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) group_norm_##SUFFIX(T* out, const T* x,               \
            const float* gain, const float* bias, float epsilon, int pixels, int channels, int width) {           \
        groupNorm<T>(out, x, gain, bias, epsilon, pixels, channels, width);                                       \
    }

GROUP_NORM(f32, float)
GROUP_NORM(f16, Float16)
GROUP_NORM(bf16, BFloat16)
