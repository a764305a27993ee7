// What the attention kernels agree on: where one head of one sequence lies.
//
// The biases of keys never enter: they add the same amount to all scores of a query, which softmax ignores. The biases
// of values are added to the output, because probabilities sum to 1. So only queries meet their bias on load.
#pragma once

#include "common.cuh"

constexpr float LOG2_E = 1.44269504f;

/** What a kernel is called with; see attention.cu. */
template <typename T>
struct AttentionArguments {
    T* out;
    const T* qkv;
    const float* qkvBias;
    const int* cuSeqlens;
    int heads;
    int d;
    bool causal;
};

template <typename T>
struct AttentionHead {
    const T* queries;
    const T* keys;
    const T* values;
    T* out;
    /** Null, or the d biases of this head. */
    const float* queryBias;
    const float* valueBias;
    /** Elements between two rows of queries (and keys, values), and of out. */
    long long rowStride;
    long long outStride;
    /** Rows of the sequence. */
    int length;
};

/** The head blockIdx.y of the sequence blockIdx.z. */
template <typename T>
__device__ __forceinline__ AttentionHead<T> attentionHead(const AttentionArguments<T>& arguments) {
    const int first = arguments.cuSeqlens[blockIdx.z];
    const int offset = static_cast<int>(blockIdx.y) * arguments.d;
    const int width = arguments.heads * arguments.d;
    AttentionHead<T> head;
    head.length = arguments.cuSeqlens[blockIdx.z + 1] - first;
    head.rowStride = 3LL * width;
    head.outStride = width;
    head.queries = arguments.qkv + first * head.rowStride + offset;
    head.keys = head.queries + width;
    head.values = head.keys + width;
    head.out = arguments.out + first * head.outStride + offset;
    head.queryBias = arguments.qkvBias == nullptr ? nullptr : arguments.qkvBias + offset;
    head.valueBias = arguments.qkvBias == nullptr ? nullptr : arguments.qkvBias + 2 * width + offset;
    return head;
}

/** What is subtracted from scores: the maximum so far; 0 while all scores are -inf, since -inf - -inf would be NaN. */
__device__ __forceinline__ float shiftOf(float top) { return top == -infinity() ? 0.0f : top; }
