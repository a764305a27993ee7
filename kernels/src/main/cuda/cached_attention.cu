// Attention of new rows over a paged cache of keys and values; scores are never written to global memory.
//
// A block has CACHED_ITEMS items of one head of keys and values, so that a step of grouped-query attention reads the
// cache once.
// It deals out the keys: to its warps, and within a warp to groups of as many lanes as a head has spans of columns. Each
// group keeps a running maximum, sum and output of its own keys for every item (online softmax); they are merged at the
// end. So a single row over a long context keeps all lanes busy, and no barrier stands between two loads of the cache.
#include "cached_shape.cuh"

/** Columns of a head in one lane: 16 bytes of the narrower types. */
constexpr int SPAN = 8;
static_assert(DEALT_HEAD == WARP * SPAN, "a warp holds a head");
constexpr int CACHED_WARPS = CACHED_BLOCK / WARP;
/** Keys that a lane has under way. */
constexpr int KEYS = 2;

/** v = the span of a head from column on, 0 behind its end. */
template <bool CHUNKED, typename C>
__device__ __forceinline__ void loadSpan(float (&v)[SPAN], const C* head, int column, int size) {
    if constexpr (CHUNKED) {
        if (column < size) {
            load(v, head + column);
        }
    } else {
#pragma unroll
        for (int i = 0; i < SPAN; i++) {
            if (column + i < size) {
                v[i] = toFloat(head[column + i]);
            }
        }
    }
}

/** What a lane knows of the items of its block: their softmax over the keys of its group, in its span of columns. */
struct Items {
    float top[CACHED_ITEMS];
    float sum[CACHED_ITEMS];
    float out[CACHED_ITEMS][SPAN];
};

struct Shared {
    float queries[CACHED_ITEMS * DEALT_HEAD];
    float tops[CACHED_WARPS][CACHED_ITEMS];
    float sums[CACHED_WARPS];
    float outs[CACHED_WARPS][DEALT_HEAD];
};

/** Where a thread stands in its block. */
struct Place {
    /** Lanes of a group. */
    int lanes;
    /** First column of the lane. */
    int column;
    /** Groups in a block, and which one this is. */
    int groups;
    int group;

    __device__ __forceinline__ explicit Place(int size) {
        lanes = 1;
        while (lanes * SPAN < size) {
            lanes *= 2;
        }
        column = laneIndex() % lanes * SPAN;
        groups = CACHED_BLOCK / lanes;
        group = static_cast<int>(threadIdx.x) / lanes;
    }
};

/**
 * Takes the next keys of this group: tokens from token on, groups apart. With MASKED those from end on are not read, and
 * those that an item does not see do not count.
 */
template <bool CHUNKED, bool MASKED, typename T, typename C>
__device__ __forceinline__ void attend(
        Items& items,
        const CachedHead<T, C>& head,
        const float* queries,
        const Place& place,
        int firstItem,
        int count,
        int token,
        int end,
        float scale) {
    float k[KEYS][SPAN] = {};
    float v[KEYS][SPAN] = {};
#pragma unroll
    for (int j = 0; j < KEYS; j++) {
        if (!MASKED || token + j * place.groups < end) {
            const C* key = head.key(token + j * place.groups);
            loadSpan<CHUNKED>(k[j], key, place.column, head.size);
            loadSpan<CHUNKED>(v[j], key + head.toValues, place.column, head.size);
        }
    }
#pragma unroll
    for (int i = 0; i < CACHED_ITEMS; i++) {
        if (i < count) {
            float q[SPAN];
            load(q, queries + i * DEALT_HEAD + place.column);
            float scores[KEYS] = {};
#pragma unroll
            for (int j = 0; j < KEYS; j++) {
#pragma unroll
                for (int c = 0; c < SPAN; c++) {
                    scores[j] = fmaf(q[c], k[j][c], scores[j]);
                }
            }
#pragma unroll
            for (int step = WARP / 2; step > 0; step /= 2) {
                if (step < place.lanes) {
#pragma unroll
                    for (int j = 0; j < KEYS; j++) {
                        scores[j] += __shfl_xor_sync(FULL_WARP, scores[j], step);
                    }
                }
            }
            // Which of the keys the item sees; they lie groups apart.
            const int from = MASKED ? head.seenFrom(firstItem + i) - token : 0;
            const int left = MASKED ? head.seenBy(firstItem + i) - token : 0;
            float top = items.top[i];
#pragma unroll
            for (int j = 0; j < KEYS; j++) {
                if (MASKED && (j * place.groups >= left || j * place.groups < from)) {
                    scores[j] = -infinity();
                }
                top = fmaxf(top, scores[j]);
            }
            const float shift = shiftOf(top);
            const float fade = exp2Approximate((items.top[i] - shift) * scale);
            items.top[i] = top;
            items.sum[i] *= fade;
#pragma unroll
            for (int c = 0; c < SPAN; c++) {
                items.out[i][c] *= fade;
            }
#pragma unroll
            for (int j = 0; j < KEYS; j++) {
                const float p = exp2Approximate((scores[j] - shift) * scale);
                items.sum[i] += p;
                // A masked key is skipped: probability 0 times NaN would be NaN.
                if (!MASKED || (j * place.groups < left && j * place.groups >= from)) {
#pragma unroll
                    for (int c = 0; c < SPAN; c++) {
                        items.out[i][c] = fmaf(p, v[j][c], items.out[i][c]);
                    }
                }
            }
        }
    }
}

/** Brings together what the groups of a warp found; afterwards all of them know it. */
__device__ __forceinline__ void mergeGroups(Items& items, const Place& place, int count, float scale) {
    for (int step = place.lanes; step < WARP; step *= 2) {
#pragma unroll
        for (int i = 0; i < CACHED_ITEMS; i++) {
            if (i < count) {
                const float otherTop = __shfl_xor_sync(FULL_WARP, items.top[i], step);
                const float otherSum = __shfl_xor_sync(FULL_WARP, items.sum[i], step);
                const float top = fmaxf(items.top[i], otherTop);
                const float mine = exp2Approximate((items.top[i] - shiftOf(top)) * scale);
                const float theirs = exp2Approximate((otherTop - shiftOf(top)) * scale);
                items.top[i] = top;
                items.sum[i] = items.sum[i] * mine + otherSum * theirs;
#pragma unroll
                for (int c = 0; c < SPAN; c++) {
                    const float other = __shfl_xor_sync(FULL_WARP, items.out[i][c], step);
                    items.out[i][c] = items.out[i][c] * mine + other * theirs;
                }
            }
        }
    }
}

/** Brings together what the warps found, item by item, and writes the output. */
template <typename T, typename C>
__device__ __forceinline__ void mergeWarps(
        const Items& items,
        const CachedHead<T, C>& head,
        Shared& shared,
        const Place& place,
        int firstItem,
        int count,
        float scale) {
    const int warp = warpIndex();
    if (laneIndex() == 0) {
#pragma unroll
        for (int i = 0; i < CACHED_ITEMS; i++) {
            shared.tops[warp][i] = items.top[i];
        }
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < CACHED_ITEMS; i++) {
        if (i < count) {
            float top = shared.tops[0][i];
#pragma unroll
            for (int w = 1; w < CACHED_WARPS; w++) {
                top = fmaxf(top, shared.tops[w][i]);
            }
            const float fade = exp2Approximate((items.top[i] - shiftOf(top)) * scale);
            if (laneIndex() < place.lanes) {
                float faded[SPAN];
#pragma unroll
                for (int c = 0; c < SPAN; c++) {
                    faded[c] = items.out[i][c] * fade;
                }
                store(shared.outs[warp] + place.column, faded);
            }
            if (laneIndex() == 0) {
                shared.sums[warp] = items.sum[i] * fade;
            }
            __syncthreads();
            float sum = 0;
#pragma unroll
            for (int w = 0; w < CACHED_WARPS; w++) {
                sum += shared.sums[w];
            }
            const float inverse = 1 / sum;
            T* to = head.target(firstItem + i);
            for (int column = static_cast<int>(threadIdx.x); column < head.size; column += CACHED_BLOCK) {
                float total = 0;
#pragma unroll
                for (int w = 0; w < CACHED_WARPS; w++) {
                    total += shared.outs[w][column];
                }
                assign(to[column], total * inverse);
            }
            __syncthreads();
        }
    }
}

template <bool CHUNKED, typename T, typename C>
__device__ __forceinline__ void attendAll(
        Items& items,
        const CachedHead<T, C>& head,
        const float* queries,
        const Place& place,
        int firstItem,
        int count,
        float scale) {
    const int end = head.seenBy(firstItem + count - 1);
    const int step = place.groups * KEYS;
    int first = head.seenFrom(firstItem);
    // Tokens that all items see, for as long as every group of the block has them; before them, where there is a window,
    // those that later rows do not see any more, and after them those that earlier rows do not see yet.
    if constexpr (CHUNKED) {
        for (; first < head.seenFrom(firstItem + count - 1); first += step) {
            attend<CHUNKED, true>(
                    items, head, queries, place, firstItem, count, first + place.group, end, scale);
        }
        for (; first + step <= head.seenBy(firstItem); first += step) {
            attend<CHUNKED, false>(
                    items, head, queries, place, firstItem, count, first + place.group, end, scale);
        }
    }
    for (; first < end; first += step) {
        attend<CHUNKED, true>(items, head, queries, place, firstItem, count, first + place.group, end, scale);
    }
}

template <typename T, typename C>
__device__ __forceinline__ void cachedAttention(const CachedArguments<T, C>& arguments) {
    __shared__ __align__(16) Shared shared;
    const CachedHead<T, C> head = cachedHead(arguments);
    const int firstItem = static_cast<int>(blockIdx.x) * CACHED_ITEMS;
    if (firstItem >= head.items) {
        return;
    }
    const int count = lesser(CACHED_ITEMS, head.items - firstItem);
    const float scale = LOG2_E * rsqrtf(static_cast<float>(head.size));
    const Place place(head.size);
    for (int i = 0; i < count; i++) {
        const T* query = head.query(firstItem + i);
        for (int column = static_cast<int>(threadIdx.x); column < place.lanes * SPAN; column += CACHED_BLOCK) {
            shared.queries[i * DEALT_HEAD + column] = column < head.size ? toFloat(query[column]) : 0;
        }
    }
    __syncthreads();
    Items items;
#pragma unroll
    for (int i = 0; i < CACHED_ITEMS; i++) {
        items.top[i] = -infinity();
        items.sum[i] = 0;
#pragma unroll
        for (int c = 0; c < SPAN; c++) {
            items.out[i][c] = 0;
        }
    }
    if (head.size % SPAN == 0 && aligned(arguments.cache)) {
        attendAll<true>(items, head, shared.queries, place, firstItem, count, scale);
    } else {
        attendAll<false>(items, head, shared.queries, place, firstItem, count, scale);
    }
    mergeGroups(items, place, count, scale);
    mergeWarps(items, head, shared, place, firstItem, count, scale);
}

/** A warp per item; the scores are computed anew for every 256 columns of the output. */
template <typename T, typename C>
__device__ __forceinline__ void cachedAttentionAny(const CachedArguments<T, C>& arguments) {
    const CachedHead<T, C> head = cachedHead(arguments);
    const int item = warpRow();
    if (item >= head.items) {
        return;
    }
    const int lane = laneIndex();
    const float scale = LOG2_E * rsqrtf(static_cast<float>(head.size));
    const T* q = head.query(item);
    for (int firstColumn = lane; firstColumn - lane < head.size; firstColumn += WARP * SPAN) {
        float top = -infinity();
        float sum = 0;
        float total[SPAN] = {};
        for (int token = head.seenFrom(item); token < head.seenBy(item); token++) {
            const C* k = head.key(token);
            float score = 0;
            for (int column = lane; column < head.size; column += WARP) {
                score = fmaf(toFloat(q[column]), toFloat(k[column]), score);
            }
            score = warpSum(score);
            const float newTop = fmaxf(top, score);
            const float fade = exp2Approximate((top - shiftOf(newTop)) * scale);
            const float p = exp2Approximate((score - shiftOf(newTop)) * scale);
            top = newTop;
            sum = sum * fade + p;
#pragma unroll
            for (int i = 0; i < SPAN; i++) {
                if (firstColumn + i * WARP < head.size) {
                    total[i] = fmaf(p, toFloat(k[head.toValues + firstColumn + i * WARP]), total[i] * fade);
                }
            }
        }
        const float inverse = 1 / sum;
#pragma unroll
        for (int i = 0; i < SPAN; i++) {
            if (firstColumn + i * WARP < head.size) {
                assign(head.target(item)[firstColumn + i * WARP], total[i] * inverse);
            }
        }
    }
}

// out [T, queries * size] = softmax(q.k / sqrt(size)).v over what one layer of the cache holds of a row's sequence, up to
// the row; qkv [T, (queries + 2 * keys) * size], of which the queries are read, cache [blocks, 2, keys, blockTokens, size].
// cuSeqlens[b] .. cuSeqlens[b + 1] are the new rows of sequence b, the last ones of its contexts[b] tokens; token t of it
// lies in block blockTables[b * width + t / blockTokens]. A row sees the last window tokens up to itself. NaN reaches
// only the rows that see it.
// cached_attention: size <= DEALT_HEAD. Grid (ceil(longest * queries / keys / CACHED_ITEMS), keys, sequences), block
// CACHED_BLOCK.
// cached_attention_any: any size. Grid (ceil(longest * queries / keys / WARPS), keys, sequences), block ROW_BLOCK.
// Both: dynamic shared memory 0; any grid.x from there up is correct.
#define CACHED_ATTENTION(TYPE, T, CACHE_TYPE, C)                                                                     \
    extern "C" __global__ void __launch_bounds__(CACHED_BLOCK, 3) cached_attention_##TYPE##_##CACHE_TYPE(            \
            T* out, const T* qkv, const C* cache, const int* cuSeqlens, const int* blockTables, const int* contexts, \
            int width, int queries, int keys, int size, int blockTokens, int window) {                               \
        cachedAttention<T, C>(                                                                                       \
                {out, qkv, cache, cuSeqlens, blockTables, contexts, width, queries, keys, size, blockTokens,         \
                 window});                                                                                           \
    }                                                                                                                \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK, 2) cached_attention_any_##TYPE##_##CACHE_TYPE(           \
            T* out, const T* qkv, const C* cache, const int* cuSeqlens, const int* blockTables, const int* contexts, \
            int width, int queries, int keys, int size, int blockTokens, int window) {                               \
        cachedAttentionAny<T, C>(                                                                                    \
                {out, qkv, cache, cuSeqlens, blockTables, contexts, width, queries, keys, size, blockTokens,         \
                 window});                                                                                           \
    }
#define CACHED_ATTENTION_ALL(TYPE, T)         \
    CACHED_ATTENTION(TYPE, T, f32, float)     \
    CACHED_ATTENTION(TYPE, T, f16, Float16)   \
    CACHED_ATTENTION(TYPE, T, bf16, BFloat16)

CACHED_ATTENTION_ALL(f32, float)
CACHED_ATTENTION_ALL(f16, Float16)
CACHED_ATTENTION_ALL(bf16, BFloat16)
