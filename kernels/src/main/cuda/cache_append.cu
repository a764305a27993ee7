// Keys and values of new rows on their way into the cache.
#include "common.cuh"

/** Columns that a lane converts at once: 16 bytes of the narrower type. */
constexpr int COPIED = 8;

template <typename T, typename C, int P>
__device__ __forceinline__ void convertHead(C* to, const T* from, int size) {
    for (int column = laneIndex() * P; column < size; column += WARP * P) {
        float v[P];
        load(v, from + column);
        store(to + column, v);
    }
}

template <typename T, typename C>
__device__ __forceinline__ void cacheAppend(
        C* cache, const T* qkv, const int* slots, int rows, int queries, int keys, int size, int blockTokens) {
    const int item = warpRow();
    const int row = item / (2 * keys);
    // Negative: a row that is padding.
    if (row >= rows || slots[row] < 0) {
        return;
    }
    // Key heads, then value heads: so they lie in a row as well as in a block.
    const int head = item % (2 * keys);
    const long long block = slots[row] / blockTokens;
    const T* from = qkv + (static_cast<long long>(row) * (queries + 2 * keys) + queries + head) * size;
    C* to = cache + ((block * 2 * keys + head) * blockTokens + slots[row] % blockTokens) * size;
    if (size % COPIED == 0 && aligned(qkv) && aligned(cache)) {
        convertHead<T, C, COPIED>(to, from, size);
    } else {
        convertHead<T, C, 1>(to, from, size);
    }
}

// Stores key and value of row t of qkv [rows, (queries + 2 * keys) * size] in slot slots[t] of one layer of the cache,
// [blocks, 2, keys, blockTokens, size] with keys before values. A negative slot is skipped.
// Grid ceil(rows * 2 * keys / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per head of a row.
#define CACHE_APPEND(TYPE, T, CACHE_TYPE, C)                                                     \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) cache_append_##TYPE##_##CACHE_TYPE(  \
            C* cache, const T* qkv, const int* slots, int rows, int queries, int keys, int size, \
            int blockTokens) {                                                                   \
        cacheAppend<T, C>(cache, qkv, slots, rows, queries, keys, size, blockTokens);            \
    }
#define CACHE_APPEND_ALL(TYPE, T)         \
    CACHE_APPEND(TYPE, T, f32, float)     \
    CACHE_APPEND(TYPE, T, f16, Float16)   \
    CACHE_APPEND(TYPE, T, bf16, BFloat16)

CACHE_APPEND_ALL(f32, float)
CACHE_APPEND_ALL(f16, Float16)
CACHE_APPEND_ALL(bf16, BFloat16)
