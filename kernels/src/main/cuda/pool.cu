// From the rows of a sequence to one row: mean, maximum, or a mean weighted by a softmax over scores.
#include "common.cuh"

/** Columns of a block; each lane holds LANE_COLUMNS of them, each warp takes every WARPS-th row of the sequence. */
constexpr int LANE_COLUMNS = POOL_STRIP / WARP;

/** Beside the modes that Pooling.java numbers. */
constexpr int WEIGHTED = POOLING_COUNT;

/** Column i of a lane: LANE_COLUMNS neighbours where 16-byte loads are possible, else 32 apart. */
template <bool CHUNKED>
__device__ __forceinline__ int laneColumn(int i) {
    return CHUNKED ? laneIndex() * LANE_COLUMNS + i : laneIndex() + i * WARP;
}

__device__ __forceinline__ float combine(float a, float b, int mode) { return mode == POOLING_MAX ? maxKeepingNan(a, b) : a + b; }

/** total = the combination of rows first + warp, first + warp + WARPS, ... below end, weighted by exp(scores - top). */
template <typename T, bool CHUNKED>
__device__ __forceinline__ float gather(
        float (&total)[LANE_COLUMNS],
        const T* x,
        const float* scores,
        float top,
        int first,
        int end,
        int columns,
        int strip,
        int mode) {
    float weights = 0;
#pragma unroll
    for (int i = 0; i < LANE_COLUMNS; i++) {
        total[i] = mode == POOLING_MAX ? -infinity() : 0.0f;
    }
    for (int row = first + warpIndex(); row < end; row += WARPS) {
        const T* from = x + static_cast<long long>(row) * columns + strip;
        float v[LANE_COLUMNS];
        if constexpr (CHUNKED) {
            if (strip + laneColumn<CHUNKED>(0) < columns) {
                load(v, from + laneColumn<CHUNKED>(0));
            }
        } else {
#pragma unroll
            for (int i = 0; i < LANE_COLUMNS; i++) {
                const int column = laneColumn<CHUNKED>(i);
                v[i] = strip + column < columns ? toFloat(from[column]) : 0.0f;
            }
        }
        float weight = 1;
        if (mode == WEIGHTED) {
            weight = expf(scores[row] - top);
            weights += weight;
        }
#pragma unroll
        for (int i = 0; i < LANE_COLUMNS; i++) {
            total[i] = combine(total[i], mode == WEIGHTED ? v[i] * weight : v[i], mode);
        }
    }
    return weights;
}

/** One strip of one sequence. scores is null unless weighted. */
template <typename T, bool CHUNKED>
__device__ __forceinline__ void poolStrip(
        T* out, const T* x, const float* scores, int first, int end, int columns, int mode) {
    __shared__ float totals[WARPS][LANE_COLUMNS][WARP];
    __shared__ float perWarp[WARPS];
    const int strip = static_cast<int>(blockIdx.x) * POOL_STRIP;
    const int lane = laneIndex();

    float top = -infinity();
    if (mode == WEIGHTED) {
        // Every warp looks at all scores: they are few beside the rows.
        for (int row = first + lane; row < end; row += WARP) {
            top = maxKeepingNan(top, scores[row]);
        }
        top = warpMax(top);
    }
    float total[LANE_COLUMNS];
    const float weights = gather<T, CHUNKED>(total, x, scores, top, first, end, columns, strip, mode);
#pragma unroll
    for (int i = 0; i < LANE_COLUMNS; i++) {
        totals[warpIndex()][i][lane] = total[i];
    }
    if (lane == 0) {
        perWarp[warpIndex()] = weights;
    }
    __syncthreads();

    // Warp w combines the w-th column of every lane.
    float scale = 1;
    if (mode == POOLING_MEAN) {
        scale = 1 / static_cast<float>(end - first);
    } else if (mode == WEIGHTED) {
        float sum = 0;
#pragma unroll
        for (int w = 0; w < WARPS; w++) {
            sum += perWarp[w];
        }
        scale = 1 / sum;
    }
    const int i = warpIndex();
    float result = totals[0][i][lane];
#pragma unroll
    for (int w = 1; w < WARPS; w++) {
        result = combine(result, totals[w][i][lane], mode);
    }
    const int column = strip + laneColumn<CHUNKED>(i);
    if (column < columns) {
        assign(out[column], end > first ? result * scale : 0.0f);
    }
}

static_assert(LANE_COLUMNS == WARPS, "each warp writes one column of every lane");

template <typename T>
__device__ __forceinline__ void pool(
        T* out, const T* x, const float* scores, const int* cuSeqlens, int columns, int mode) {
    const int sequence = static_cast<int>(blockIdx.y);
    const int first = cuSeqlens[sequence];
    const int end = cuSeqlens[sequence + 1];
    T* to = out + static_cast<long long>(sequence) * columns;
    if (columns % LANE_COLUMNS == 0 && aligned(x)) {
        poolStrip<T, true>(to, x, scores, first, end, columns, mode);
    } else {
        poolStrip<T, false>(to, x, scores, first, end, columns, mode);
    }
}

// pool: out [sequences, columns] = mean or maximum (mode as Pooling.java numbers them; NaN stays) over the rows of
// each sequence of
// x [T, columns]. attention_pool: out[b] = sum over the rows t of b of softmax(scores within b)[t] * x[t], scores [T].
// An empty sequence gives zeros.
// Both: grid (ceil(columns / POOL_STRIP), sequences), block ROW_BLOCK, dynamic shared memory 0.
#define POOL(SUFFIX, T)                                                                              \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) pool_##SUFFIX(                           \
            T* out, const T* x, const int* cuSeqlens, int sequences, int columns, int mode) {        \
        if (static_cast<int>(blockIdx.y) < sequences) {                                              \
            pool<T>(out, x, nullptr, cuSeqlens, columns, mode == POOLING_MAX ? POOLING_MAX : POOLING_MEAN);                  \
        }                                                                                            \
    }                                                                                                \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) attention_pool_##SUFFIX(                 \
            T* out, const T* x, const float* scores, const int* cuSeqlens, int sequences, int columns) { \
        if (static_cast<int>(blockIdx.y) < sequences) {                                              \
            pool<T>(out, x, scores, cuSeqlens, columns, WEIGHTED);                                   \
        }                                                                                            \
    }

POOL(f32, float)
POOL(f16, Float16)
POOL(bf16, BFloat16)
