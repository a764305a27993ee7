// What the choice of a token is made of: the weight and the rank of a logit, and a row's rules as the host wrote them.
#pragma once

#include "common.cuh"

typedef unsigned long long Whole;

constexpr float ROUNDER = 12582912.0f;
constexpr int ONE_BITS = 38;
constexpr float LARGEST_NUMBER = 3.402823466e38f;

/** The last token that is kept: those of higher rank are, and of its own rank those up to this id. */
struct Cut {
    unsigned rank;
    int id;

    __device__ __forceinline__ bool keeps(unsigned other, int otherId) const {
        return other > rank || (other == rank && otherId <= id);
    }
};

/** The weight of a token in multiples of 2^-38; each operation is rounded as SampleWeights.java says. */
__device__ __forceinline__ Whole weightOf(float score, float largest, float inverse) {
    const float x = fmaxf(__fmul_rn(score - largest, inverse), -27.0f);
    const float shifted = fmaf(x, 1.44269504f, ROUNDER);
    const float n = shifted - ROUNDER;
    const float r = fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, x));
    float p = fmaf(1.9875691500e-4f, r, 1.3981999507e-3f);
    p = fmaf(p, r, 8.3334519073e-3f);
    p = fmaf(p, r, 4.1665795894e-2f);
    p = fmaf(p, r, 1.6666665459e-1f);
    p = fmaf(p, r, 5.0000001201e-1f);
    p = fmaf(p, __fmul_rn(r, r), __fadd_rn(r, 1.0f));
    const int halvings = static_cast<int>(__float_as_uint(ROUNDER) - __float_as_uint(shifted));
    return static_cast<Whole>(__float2int_rz(__fmul_rn(p, 536870912.0f))) << (ONE_BITS - 29) >> halvings;
}

/** Rises with the logit; -0 is 0. */
__device__ __forceinline__ unsigned rankOf(float score) {
    const unsigned bits = __float_as_uint(score + 0.0f);
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

/** A token's rank, and its id so that the lower one of equals is the greater. */
__device__ __forceinline__ Whole ranked(float score, int id) {
    return static_cast<Whole>(rankOf(score)) << 32 | ~static_cast<unsigned>(id);
}

__device__ __forceinline__ int idOf(Whole rankedToken) { return static_cast<int>(~static_cast<unsigned>(rankedToken)); }

/** A row as the host wrote it. */
struct RowRules {
    float inverse;
    int topK;
    float topP;
    float minP;
    Whole draw;
    int alternatives;
    int firstChange;
    int changes;

    __device__ __forceinline__ explicit RowRules(const int* numbers) {
        inverse = __int_as_float(numbers[RULE_INVERSE_TEMPERATURE]);
        topK = numbers[RULE_TOP_K];
        topP = __int_as_float(numbers[RULE_TOP_P]);
        minP = __int_as_float(numbers[RULE_MIN_P]);
        draw = static_cast<Whole>(static_cast<unsigned>(numbers[RULE_DRAW_HIGH])) << 32 | static_cast<unsigned>(numbers[RULE_DRAW_LOW]);
        alternatives = numbers[RULE_ALTERNATIVES];
        firstChange = numbers[RULE_FIRST_CHANGE];
        changes = numbers[RULE_CHANGES];
    }
};

/** As LogitChanges.java: a bias, a penalty for repetition, what is subtracted; +infinity is cut. */
__device__ __forceinline__ float changed(float logit, const int* change) {
    const float sum = __fadd_rn(logit, __int_as_float(change[CHANGE_BEFORE]));
    const float factor = __int_as_float(change[CHANGE_FACTOR]);
    const float scaled = fminf(sum > 0 ? __fdiv_rn(sum, factor) : __fmul_rn(sum, factor), LARGEST_NUMBER);
    return fminf(__fadd_rn(scaled, __int_as_float(change[CHANGE_AFTER])), LARGEST_NUMBER);
}
