// Attention on plain multiply-add units: f32, and bf16 on chips whose tensor cores do not take it.
//
// A block has TILE_ROWS queries of one head of one sequence. Keys and values stream through one shared buffer, a tile at
// a time; each row keeps its running maximum, sum and output in registers (online softmax), so that scores never leave
// the chip. Eight lanes share four rows: in the product with keys each lane has every eighth key, in the product with
// values every eighth group of four columns.
#pragma once

#include "attention_shape.cuh"

/** Shared memory of a block; D is the head size rounded up to 32, 64 or 128. */
template <int D>
struct FmaTiles {
    static constexpr int KEYS = D <= 64 ? 32 : 16;
    /** Padded so that lanes that read different rows meet different banks. */
    static constexpr int STRIDE = D + 4;
    static constexpr int KEY_STRIDE = KEYS + 4;
    float queries[TILE_ROWS * STRIDE];
    float keys[KEYS * STRIDE];
    float probabilities[TILE_ROWS * KEY_STRIDE];
};

constexpr int ROWS_PER_LANE = 4;
constexpr int LANES_PER_ROW = 8;

/** tile [count rows of stride] = the rows from first on, widened; rows from end on and columns from d on become 0. */
template <int D, typename T>
__device__ __forceinline__ void widenTile(
        float* tile, int count, const T* rows, long long rowStride, int first, int end, int d, const float* bias) {
    const bool chunked = d % CHUNK<T> == 0 && rowStride % CHUNK<T> == 0 && aligned(rows);
    if (chunked) {
        constexpr int CHUNKS = D / CHUNK<T>;
        for (int i = static_cast<int>(threadIdx.x); i < count * CHUNKS; i += TILE_BLOCK) {
            const int row = i / CHUNKS;
            const int column = i % CHUNKS * CHUNK<T>;
            float v[CHUNK<T>] = {};
            if (first + row < end && column < d) {
                load(v, rows + (first + row) * rowStride + column);
#pragma unroll
                for (int c = 0; c < CHUNK<T>; c++) {
                    v[c] += bias == nullptr ? 0 : bias[column + c];
                }
            }
            store(tile + row * FmaTiles<D>::STRIDE + column, v);
        }
    } else {
        for (int i = static_cast<int>(threadIdx.x); i < count * D; i += TILE_BLOCK) {
            const int row = i / D;
            const int column = i % D;
            float v = 0;
            if (first + row < end && column < d) {
                v = toFloat(rows[(first + row) * rowStride + column]) + (bias == nullptr ? 0 : bias[column]);
            }
            tile[row * FmaTiles<D>::STRIDE + column] = v;
        }
    }
}

/** One row group's state: rows row .. row + 3 of the tile, in the lane's columns. */
template <int D>
struct FmaRows {
    float top[ROWS_PER_LANE];
    float sum[ROWS_PER_LANE];
    float out[ROWS_PER_LANE][D / LANES_PER_ROW];
};

/** out += probabilities * values for the keys below count; with MASKED only for the keys a row may see. */
template <int D, bool MASKED>
__device__ __forceinline__ void addValues(
        FmaRows<D>& rows, const FmaTiles<D>& tiles, int row, int part, int count, int lastKeyOfRow0) {
    for (int key = 0; key < count; key++) {
        float p[ROWS_PER_LANE];
#pragma unroll
        for (int r = 0; r < ROWS_PER_LANE; r++) {
            p[r] = tiles.probabilities[(row + r) * FmaTiles<D>::KEY_STRIDE + key];
        }
#pragma unroll
        for (int g = 0; g < D / 32; g++) {
            float v[4];
            load(v, tiles.keys + key * FmaTiles<D>::STRIDE + g * 32 + part * 4);
#pragma unroll
            for (int r = 0; r < ROWS_PER_LANE; r++) {
                // A masked key is skipped: probability 0 times NaN would be NaN.
                if (!MASKED || key <= lastKeyOfRow0 + r) {
#pragma unroll
                    for (int c = 0; c < 4; c++) {
                        rows.out[r][g * 4 + c] = fmaf(p[r], v[c], rows.out[r][g * 4 + c]);
                    }
                }
            }
        }
    }
}

template <int D, typename T>
__device__ __forceinline__ void attentionFma(void* shared, const AttentionArguments<T>& arguments) {
    const AttentionHead<T> head = attentionHead(arguments);
    const int d = arguments.d;
    const bool causal = arguments.causal;
    FmaTiles<D>& tiles = *static_cast<FmaTiles<D>*>(shared);
    constexpr int KEYS = FmaTiles<D>::KEYS;
    constexpr int STRIDE = FmaTiles<D>::STRIDE;
    constexpr int LANE_KEYS = KEYS / LANES_PER_ROW;
    const int part = static_cast<int>(threadIdx.x) % LANES_PER_ROW;
    const int row = static_cast<int>(threadIdx.x) / LANES_PER_ROW * ROWS_PER_LANE;
    const int firstQuery = static_cast<int>(blockIdx.x) * TILE_ROWS;
    const float scale = LOG2_E * rsqrtf(static_cast<float>(d));

    widenTile<D>(tiles.queries, TILE_ROWS, head.queries, head.rowStride, firstQuery, head.length, d, head.queryBias);
    FmaRows<D> rows;
#pragma unroll
    for (int r = 0; r < ROWS_PER_LANE; r++) {
        rows.top[r] = -infinity();
        rows.sum[r] = 0;
#pragma unroll
        for (int c = 0; c < D / LANES_PER_ROW; c++) {
            rows.out[r][c] = 0;
        }
    }
    const int keysEnd = causal ? lesser(head.length, firstQuery + TILE_ROWS) : head.length;
    for (int firstKey = 0; firstKey < keysEnd; firstKey += KEYS) {
        __syncthreads();
        widenTile<D>(tiles.keys, KEYS, head.keys, head.rowStride, firstKey, head.length, d, nullptr);
        __syncthreads();

        float scores[ROWS_PER_LANE][LANE_KEYS] = {};
        for (int column = 0; column < d; column += 4) {
            float q[ROWS_PER_LANE][4];
#pragma unroll
            for (int r = 0; r < ROWS_PER_LANE; r++) {
                load(q[r], tiles.queries + (row + r) * STRIDE + column);
            }
#pragma unroll
            for (int j = 0; j < LANE_KEYS; j++) {
                float k[4];
                load(k, tiles.keys + (part + j * LANES_PER_ROW) * STRIDE + column);
#pragma unroll
                for (int r = 0; r < ROWS_PER_LANE; r++) {
#pragma unroll
                    for (int c = 0; c < 4; c++) {
                        scores[r][j] = fmaf(q[r][c], k[c], scores[r][j]);
                    }
                }
            }
        }

#pragma unroll
        for (int r = 0; r < ROWS_PER_LANE; r++) {
            const int lastKey = causal ? lesser(head.length - 1, firstQuery + row + r) : head.length - 1;
            float top = rows.top[r];
#pragma unroll
            for (int j = 0; j < LANE_KEYS; j++) {
                if (firstKey + part + j * LANES_PER_ROW > lastKey) {
                    scores[r][j] = -infinity();
                }
                top = fmaxf(top, scores[r][j]);
            }
#pragma unroll
            for (int step = LANES_PER_ROW / 2; step > 0; step /= 2) {
                top = fmaxf(top, __shfl_xor_sync(FULL_WARP, top, step));
            }
            const float shift = shiftOf(top);
            const float fade = exp2Approximate((rows.top[r] - shift) * scale);
            rows.top[r] = top;
            rows.sum[r] *= fade;
#pragma unroll
            for (int c = 0; c < D / LANES_PER_ROW; c++) {
                rows.out[r][c] *= fade;
            }
#pragma unroll
            for (int j = 0; j < LANE_KEYS; j++) {
                const float p = exp2Approximate((scores[r][j] - shift) * scale);
                rows.sum[r] += p;
                tiles.probabilities[(row + r) * FmaTiles<D>::KEY_STRIDE + part + j * LANES_PER_ROW] = p;
            }
        }

        __syncthreads();
        widenTile<D>(tiles.keys, KEYS, head.values, head.rowStride, firstKey, head.length, d, nullptr);
        __syncthreads();
        const int count = lesser(KEYS, head.length - firstKey);
        if (causal && firstKey + KEYS - 1 > firstQuery) {
            addValues<D, true>(rows, tiles, row, part, count, firstQuery + row - firstKey);
        } else {
            addValues<D, false>(rows, tiles, row, part, count, 0);
        }
    }

#pragma unroll
    for (int r = 0; r < ROWS_PER_LANE; r++) {
        float sum = rows.sum[r];
#pragma unroll
        for (int step = LANES_PER_ROW / 2; step > 0; step /= 2) {
            sum += __shfl_xor_sync(FULL_WARP, sum, step);
        }
        const float inverse = 1 / sum;
        const int query = firstQuery + row + r;
        if (query < head.length) {
            T* to = head.out + query * head.outStride;
#pragma unroll
            for (int c = 0; c < D / LANES_PER_ROW; c++) {
                const int column = c / 4 * 32 + part * 4 + c % 4;
                if (column < d) {
                    assign(to[column], rows.out[r][c] * inverse + (head.valueBias == nullptr ? 0 : head.valueBias[column]));
                }
            }
        }
    }
}
