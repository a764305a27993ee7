// Self-attention over sequences laid end to end, without padding; scores are never written to global memory.
#include "attention_fma.cuh"
#include "attention_mma.cuh"

template <int D, typename T>
__device__ __forceinline__ void attentionOfSize(void* shared, const AttentionArguments<T>& arguments) {
    if constexpr (ON_TENSOR_CORES<T>) {
        attentionMma<D>(shared, arguments);
    } else {
        attentionFma<D>(shared, arguments);
    }
}

/** Bytes of shared memory of a block for head sizes up to D. */
template <int D, typename T>
constexpr int ATTENTION_SHARED = static_cast<int>(ON_TENSOR_CORES<T> ? sizeof(MmaTiles<D>) : sizeof(FmaTiles<D>));

/** Whether this block has queries at all. */
template <typename T>
__device__ __forceinline__ bool hasQueries(const AttentionArguments<T>& arguments) {
    return static_cast<int>(blockIdx.x) * TILE_ROWS < attentionHead(arguments).length;
}

template <typename T>
__device__ __forceinline__ void attention(const AttentionArguments<T>& arguments) {
    static_assert(ATTENTION_SHARED<TILED_HEAD, T> >= ATTENTION_SHARED<TILED_HEAD / 2, T>, "enough for both");
    __shared__ uint4 shared[ATTENTION_SHARED<TILED_HEAD, T> / 16];
    if (!hasQueries(arguments)) {
        return;
    }
    if (arguments.d <= TILED_HEAD / 2) {
        attentionOfSize<TILED_HEAD / 2>(shared, arguments);
    } else {
        attentionOfSize<TILED_HEAD>(shared, arguments);
    }
}

template <typename T>
__device__ __forceinline__ void attentionWide(const AttentionArguments<T>& arguments) {
    __shared__ uint4 shared[ATTENTION_SHARED<WIDE_HEAD, T> / 16];
    if (hasQueries(arguments)) {
        attentionOfSize<WIDE_HEAD>(shared, arguments);
    }
}

/** Columns of the output that a warp of attention_any has in registers at once. */
constexpr int ANY_LANE_COLUMNS = 8;

/** A warp per query; the scores are computed anew for every 256 columns of the output. */
template <typename T>
__device__ __forceinline__ void attentionAny(const AttentionArguments<T>& arguments) {
    const AttentionHead<T> head = attentionHead(arguments);
    const int d = arguments.d;
    const int query = warpRow();
    if (query >= head.length) {
        return;
    }
    const int lane = laneIndex();
    const float scale = LOG2_E * rsqrtf(static_cast<float>(d));
    const T* q = head.queries + query * head.rowStride;
    const int keysEnd = arguments.causal ? query + 1 : head.length;
    for (int firstColumn = 0; firstColumn < d; firstColumn += WARP * ANY_LANE_COLUMNS) {
        float top = -infinity();
        float sum = 0;
        float total[ANY_LANE_COLUMNS] = {};
        for (int key = 0; key < keysEnd; key++) {
            const T* k = head.keys + key * head.rowStride;
            const T* v = head.values + key * head.rowStride;
            float score = 0;
            for (int column = lane; column < d; column += WARP) {
                const float bias = head.queryBias == nullptr ? 0 : head.queryBias[column];
                score = fmaf(toFloat(q[column]) + bias, toFloat(k[column]), score);
            }
            score = warpSum(score);
            const float newTop = fmaxf(top, score);
            const float shift = shiftOf(newTop);
            const float fade = exp2Approximate((top - shift) * scale);
            const float p = exp2Approximate((score - shift) * scale);
            top = newTop;
            sum = sum * fade + p;
#pragma unroll
            for (int i = 0; i < ANY_LANE_COLUMNS; i++) {
                const int column = firstColumn + lane + i * WARP;
                if (column < d) {
                    total[i] = fmaf(p, toFloat(v[column]), total[i] * fade);
                }
            }
        }
        const float inverse = 1 / sum;
#pragma unroll
        for (int i = 0; i < ANY_LANE_COLUMNS; i++) {
            const int column = firstColumn + lane + i * WARP;
            if (column < d) {
                const float bias = head.valueBias == nullptr ? 0 : head.valueBias[column];
                assign(head.out[query * head.outStride + column], total[i] * inverse + bias);
            }
        }
    }
}

// Blocks that a multiprocessor is to hold at once. On sm_75 its shared memory suffices for two at most, elsewhere for three.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
constexpr int ATTENTION_BLOCKS = 2;
#else
constexpr int ATTENTION_BLOCKS = 3;
#endif

// out [T, heads * d] = softmax(q.k / sqrt(d)).v per head and sequence; qkv [T, 3 * heads * d] has rows of queries, keys,
// values; qkvBias [3 * heads * d] may be null. cuSeqlens[b] .. cuSeqlens[b + 1] are the rows of sequence b; causal: a
// row sees itself and the rows before it. NaN reaches only the rows that see it.
// attention: d <= TILED_HEAD. attention_wide: d <= WIDE_HEAD; a kernel of its own, since its registers would let fewer blocks
// of the usual 64 share a multiprocessor. Both: grid (ceil(longest / TILE_ROWS), heads, sequences), block TILE_BLOCK,
// dynamic shared memory 0.
// attention_any: any d. Grid (ceil(longest / WARPS), heads, sequences), block ROW_BLOCK, dynamic shared memory 0.
// Any grid.x from there up is correct: blocks beyond a sequence, and all those of an empty one, do nothing.
#define ATTENTION(SUFFIX, T)                                                                                  \
    extern "C" __global__ void __launch_bounds__(TILE_BLOCK, ATTENTION_BLOCKS) attention_##SUFFIX(       \
            T* out, const T* qkv, const float* qkvBias, const int* cuSeqlens, int heads, int d, int causal) { \
        attention<T>({out, qkv, qkvBias, cuSeqlens, heads, d, causal != 0});                                  \
    }                                                                                                         \
    extern "C" __global__ void __launch_bounds__(TILE_BLOCK) attention_wide_##SUFFIX(                    \
            T* out, const T* qkv, const float* qkvBias, const int* cuSeqlens, int heads, int d, int causal) { \
        attentionWide<T>({out, qkv, qkvBias, cuSeqlens, heads, d, causal != 0});                              \
    }                                                                                                         \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) attention_any_##SUFFIX(                           \
            T* out, const T* qkv, const float* qkvBias, const int* cuSeqlens, int heads, int d, int causal) { \
        attentionAny<T>({out, qkv, qkvBias, cuSeqlens, heads, d, causal != 0});                               \
    }

ATTENTION(f32, float)
ATTENTION(f16, Float16)
ATTENTION(bf16, BFloat16)
