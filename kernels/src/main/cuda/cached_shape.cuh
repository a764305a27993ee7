// What the kernels of cached attention agree on: where one head of keys and values of one sequence lies.
//
// An item is a new row and one of the query heads that share a head of keys and values.
#pragma once

#include "attention_shape.cuh"

/** What a kernel is called with; see cached_attention.cu. */
template <typename T, typename C>
struct CachedArguments {
    T* out;
    const T* qkv;
    const C* cache;
    const int* cuSeqlens;
    const int* blockTables;
    const int* contexts;
    int width;
    int queries;
    int keys;
    int size;
    int blockTokens;
    int window;
};

template <typename T, typename C>
struct CachedHead {
    /** Of the first new row and the first query head of the group. */
    const T* queries;
    T* out;
    /** Elements between two rows of queries and of out. */
    long long rowStride;
    long long outStride;
    /** Of the first token of block 0. */
    const C* keys;
    const int* table;
    /** Elements between two blocks, and from a key to its value. */
    long long blockStride;
    long long toValues;
    int blockTokens;
    int size;
    int group;
    /** Rows times query heads of the group. */
    int items;
    /** Tokens that the first new row sees; each further one sees one more. */
    int seen;
    /** Most tokens that a row sees. */
    int window;

    /** The token after the last one that an item sees. */
    __device__ __forceinline__ int seenBy(int item) const { return seen + item / group; }

    /** The first token that an item sees. */
    __device__ __forceinline__ int seenFrom(int item) const {
        const int end = seenBy(item);
        return end > window ? end - window : 0;
    }

    __device__ __forceinline__ const C* key(int token) const {
        const int block = token / blockTokens;
        return keys + table[block] * blockStride + static_cast<long long>(token - block * blockTokens) * size;
    }

    __device__ __forceinline__ const T* query(int item) const {
        return queries + item / group * rowStride + item % group * size;
    }

    __device__ __forceinline__ T* target(int item) const {
        return out + item / group * outStride + item % group * size;
    }
};

/** The head blockIdx.y of keys and values of the sequence blockIdx.z. */
template <typename T, typename C>
__device__ __forceinline__ CachedHead<T, C> cachedHead(const CachedArguments<T, C>& arguments) {
    const int first = arguments.cuSeqlens[blockIdx.z];
    const int rows = arguments.cuSeqlens[blockIdx.z + 1] - first;
    const int offset = static_cast<int>(blockIdx.y) * (arguments.queries / arguments.keys) * arguments.size;
    CachedHead<T, C> head;
    head.rowStride = static_cast<long long>(arguments.queries + 2 * arguments.keys) * arguments.size;
    head.outStride = static_cast<long long>(arguments.queries) * arguments.size;
    head.queries = arguments.qkv + first * head.rowStride + offset;
    head.out = arguments.out + first * head.outStride + offset;
    head.toValues = static_cast<long long>(arguments.keys) * arguments.blockTokens * arguments.size;
    head.blockStride = 2 * head.toValues;
    head.keys = arguments.cache + static_cast<long long>(blockIdx.y) * arguments.blockTokens * arguments.size;
    head.table = arguments.blockTables + static_cast<long long>(blockIdx.z) * arguments.width;
    head.blockTokens = arguments.blockTokens;
    head.size = arguments.size;
    head.group = arguments.queries / arguments.keys;
    head.items = rows * head.group;
    head.seen = arguments.contexts[blockIdx.z] - rows + 1;
    head.window = arguments.window;
    return head;
}
