// What every kernel shares: storage types, chunks of a row, warp reductions.
//
// A row kernel gives a row to a warp. A lane takes chunks lane, lane + 32, ... of it; a chunk is P consecutive elements:
// 16 bytes (or a multiple) where the rows are aligned, else P = 1. Kernel bodies are templates over P, so that both
// paths are the same code. Arithmetic is f32 throughout.
#pragma once

#include "launch.cuh"
#include "numbers.cuh"

struct Float16 {
    unsigned short bits;
};

struct BFloat16 {
    unsigned short bits;
};

constexpr unsigned FULL_WARP = 0xffffffffu;

/** Elements of T that a thread reads or writes at once. */
template <typename T>
constexpr int CHUNK = CHUNK_BYTES / static_cast<int>(sizeof(T));

__device__ __forceinline__ float toFloat(float x) { return x; }
__device__ __forceinline__ float toFloat(Float16 x) { return halfToFloat(x.bits); }
__device__ __forceinline__ float toFloat(BFloat16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }

__device__ __forceinline__ void assign(float& to, float x) { to = x; }
__device__ __forceinline__ void assign(Float16& to, float x) { to.bits = floatToHalf(x); }
__device__ __forceinline__ void assign(BFloat16& to, float x) { to.bits = floatToBfloat(x); }

/** Two elements that share a word. */
template <typename T>
struct Pair;

template <>
struct Pair<Float16> {
    static __device__ __forceinline__ float low(unsigned word) {
        return halfToFloat(static_cast<unsigned short>(word));
    }
    static __device__ __forceinline__ float high(unsigned word) {
        return halfToFloat(static_cast<unsigned short>(word >> 16));
    }
    static __device__ __forceinline__ unsigned pack(float low, float high) { return packHalves(low, high); }
};

template <>
struct Pair<BFloat16> {
    static __device__ __forceinline__ float low(unsigned word) { return __uint_as_float(word << 16); }
    static __device__ __forceinline__ float high(unsigned word) { return __uint_as_float(word & 0xffff0000u); }
    static __device__ __forceinline__ unsigned pack(float low, float high) { return packBfloats(low, high); }
};

/** v = P elements at from; P is 1 or a multiple of CHUNK<T>, then from lies on 16 bytes. */
template <int P, typename T>
__device__ __forceinline__ void load(float (&v)[P], const T* from) {
    if constexpr (P == 1) {
        v[0] = toFloat(*from);
    } else {
#pragma unroll
        for (int i = 0; i < P; i += CHUNK<T>) {
            const uint4 raw = *reinterpret_cast<const uint4*>(from + i);
            const unsigned words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
            for (int w = 0; w < 4; w++) {
                if constexpr (sizeof(T) == 4) {
                    v[i + w] = __uint_as_float(words[w]);
                } else {
                    v[i + 2 * w] = Pair<T>::low(words[w]);
                    v[i + 2 * w + 1] = Pair<T>::high(words[w]);
                }
            }
        }
    }
}

/** The reverse of load. */
template <int P, typename T>
__device__ __forceinline__ void store(T* to, const float (&v)[P]) {
    if constexpr (P == 1) {
        assign(*to, v[0]);
    } else {
#pragma unroll
        for (int i = 0; i < P; i += CHUNK<T>) {
            unsigned words[4];
#pragma unroll
            for (int w = 0; w < 4; w++) {
                if constexpr (sizeof(T) == 4) {
                    words[w] = __float_as_uint(v[i + w]);
                } else {
                    words[w] = Pair<T>::pack(v[i + 2 * w], v[i + 2 * w + 1]);
                }
            }
            *reinterpret_cast<uint4*>(to + i) = make_uint4(words[0], words[1], words[2], words[3]);
        }
    }
}

/** Whether an address (null included) lies on 16 bytes. */
__device__ __forceinline__ bool aligned(const void* address) {
    return (reinterpret_cast<unsigned long long>(address) & 15) == 0;
}

__device__ __forceinline__ int lesser(int a, int b) { return a < b ? a : b; }

/** The greater one; NaN if either is, which fmaxf would drop. */
__device__ __forceinline__ float maxKeepingNan(float a, float b) { return a > b || a != a ? a : b; }

/** Sum over the warp, in every lane. */
__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
    for (int step = WARP / 2; step > 0; step /= 2) {
        x += __shfl_xor_sync(FULL_WARP, x, step);
    }
    return x;
}

/** Maximum over the warp, in every lane; NaN if any is. */
__device__ __forceinline__ float warpMax(float x) {
#pragma unroll
    for (int step = WARP / 2; step > 0; step /= 2) {
        x = maxKeepingNan(x, __shfl_xor_sync(FULL_WARP, x, step));
    }
    return x;
}

__device__ __forceinline__ int laneIndex() { return static_cast<int>(threadIdx.x) % WARP; }
__device__ __forceinline__ int warpIndex() { return static_cast<int>(threadIdx.x) / WARP; }

/** The row of this warp in a grid of ceil(rows / WARPS) blocks of ROW_BLOCK threads. */
__device__ __forceinline__ int warpRow() { return static_cast<int>(blockIdx.x) * WARPS + warpIndex(); }

__device__ __forceinline__ float infinity() { return __uint_as_float(0x7f800000u); }
