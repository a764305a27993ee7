// Conversions between number formats, and 2^x: what has a PTX instruction has it here, and a second body in plain C++
// for the simulator, which gives the same result.
#pragma once

#ifdef LIMBIC_SIMULATOR

__device__ __forceinline__ float halfToFloat(unsigned short bits) {
    const unsigned sign = (bits & 0x8000u) << 16;
    const unsigned magnitude = bits & 0x7fffu;
    if (magnitude >= 0x7c00u) {
        return __uint_as_float(sign | 0x7f800000u | (magnitude << 13));
    }
    // The exponents differ by 112; the product is exact and also normalises subnormal numbers.
    return __uint_as_float(sign | __float_as_uint(__uint_as_float(magnitude << 13) * 0x1p112f));
}

__device__ __forceinline__ unsigned short floatToHalf(float x) {
    const unsigned bits = __float_as_uint(x);
    const unsigned sign = (bits >> 16) & 0x8000u;
    unsigned magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return 0x7fffu;
    }
    if (magnitude >= 0x477ff000u) {
        return static_cast<unsigned short>(sign | 0x7c00u);
    }
    if (magnitude < 0x38800000u) {
        // Subnormal: adding 0.5 leaves the rounded count of 2^-24 in the low mantissa bits.
        magnitude = __float_as_uint(__uint_as_float(magnitude) + 0.5f) - 0x3f000000u;
    } else {
        magnitude = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
    }
    return static_cast<unsigned short>(sign | magnitude);
}

__device__ __forceinline__ unsigned packHalves(float low, float high) {
    return floatToHalf(low) | (static_cast<unsigned>(floatToHalf(high)) << 16);
}

__device__ __forceinline__ float exp2Approximate(float x) { return exp2f(x); }

#else

__device__ __forceinline__ float halfToFloat(unsigned short bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}

__device__ __forceinline__ unsigned short floatToHalf(float x) {
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}

/** Two f16 in one word, low first. */
__device__ __forceinline__ unsigned packHalves(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    unsigned word;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    return word;
#else
    return floatToHalf(low) | (static_cast<unsigned>(floatToHalf(high)) << 16);
#endif
}

/** 2^x to two units in the last place; 2^-inf is 0, NaN stays NaN. */
__device__ __forceinline__ float exp2Approximate(float x) {
    float y;
    asm("ex2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

#endif

/** Nearest, ties to even; written out because sm_75 has no instruction for it. */
__device__ __forceinline__ unsigned short floatToBfloat(float x) {
#if !defined(LIMBIC_SIMULATOR) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    unsigned short bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
#else
    const unsigned bits = __float_as_uint(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return 0x7fffu;
    }
    return static_cast<unsigned short>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
#endif
}

/** Two bf16 in one word, low first. */
__device__ __forceinline__ unsigned packBfloats(float low, float high) {
#if !defined(LIMBIC_SIMULATOR) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    unsigned word;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    return word;
#else
    return floatToBfloat(low) | (static_cast<unsigned>(floatToBfloat(high)) << 16);
#endif
}
