// Attention on tensor cores: f16 and bf16.
//
// A block has TILE_ROWS queries of one head of one sequence, 16 for each warp. Keys and values stream through two stages
// of shared memory: while one tile is multiplied, the next is copied. Scores, probabilities and the running maximum, sum
// and output of a row stay in registers (online softmax). The fragment of a product's result is, two at a time, the
// fragment of the next product's left operand, so probabilities go from one product to the other without leaving a lane.
//
// A probability is multiplied as the sum of two numbers of the storage type: rounded to one, its error (2^-9 of it in
// bf16) would be that of the whole result, many times what rounding the result costs. A query plus its bias is rounded
// once, as if the linear layer had stored it. An infinite value gives a result that is infinite or NaN.
#pragma once

#include "attention_shape.cuh"
#include "tensor_core.cuh"

/** Shared memory of a block; D is the head size rounded up to 32, 64 or 128. */
template <int D>
struct MmaTiles {
    static constexpr int KEYS = D <= 64 ? 64 : 32;
    struct Stage {
        unsigned short keys[KEYS * D];
        unsigned short values[KEYS * D];
    };
    /** Before the first tile of keys is needed, stage 1 holds the queries; after the last one, stage 0 the output. */
    Stage stages[2];
};

static_assert(sizeof(MmaTiles<32>::Stage) >= TILE_ROWS * 32 * 2, "queries fit into a stage");
static_assert(sizeof(MmaTiles<64>::Stage) >= TILE_ROWS * 64 * 2, "queries fit into a stage");
static_assert(sizeof(MmaTiles<128>::Stage) >= TILE_ROWS * 128 * 2, "queries fit into a stage");
static_assert(TILE_ROWS == TILE_BLOCK / WARP * 16, "16 rows for each warp");

/**
 * Where an element of a tile [rows, D] lies. The 16-byte chunks of a row change places with its number, so that the same
 * chunk of eight rows, which is what the matrix loads want, lies in eight different groups of banks.
 */
template <int D>
__device__ __forceinline__ int tileOffset(int row, int column) {
    constexpr int CHUNKS = D / 8;
    const int turn = CHUNKS >= 8 ? row & 7 : (row / 2) & (CHUNKS - 1);
    return row * D + ((column / 8) ^ turn) * 8 + column % 8;
}

/**
 * Starts to copy the rows first .. first + ROWS - 1 into a tile; rows from end on and columns from d on become 0. Rows
 * from end rounded up to 16 on are left out: nothing reads them.
 */
template <int D, int ROWS, typename T>
__device__ __forceinline__ void copyTile(
        unsigned short* tile, const T* rows, long long rowStride, int first, int end, int d, bool chunked) {
    const int wanted = lesser(ROWS, (end - first + 15) / 16 * 16);
    if (chunked) {
        constexpr int CHUNKS = D / 8;
        constexpr int STEP = TILE_BLOCK / CHUNKS;
        const int column = static_cast<int>(threadIdx.x) % CHUNKS * 8;
        const int start = static_cast<int>(threadIdx.x) / CHUNKS;
        const T* from = rows + (first + start) * rowStride + column;
#pragma unroll
        for (int i = 0; i < ROWS / STEP; i++) {
            const int row = start + i * STEP;
            if (row < wanted) {
                const bool present = first + row < end && column < d;
                // What is not copied needs a valid address all the same.
                copyAsync(tile + tileOffset<D>(row, column), present ? from + i * STEP * rowStride : rows, present);
            }
        }
    } else {
#pragma unroll 1
        for (int i = static_cast<int>(threadIdx.x); i < wanted * D; i += TILE_BLOCK) {
            const int row = i / D;
            const int column = i % D;
            const bool present = first + row < end && column < d;
            tile[tileOffset<D>(row, column)] = present ? rows[(first + row) * rowStride + column].bits : 0;
        }
    }
}

/** Adds the queries' bias to a tile of them. */
template <int D, typename T>
__device__ __forceinline__ void addQueryBias(unsigned short* tile, const float* bias, int d) {
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < TILE_ROWS * D / 2; i += TILE_BLOCK) {
        const int column = i % (D / 2) * 2;
        unsigned* word = reinterpret_cast<unsigned*>(tile + tileOffset<D>(i / (D / 2), column));
        const float low = column < d ? bias[column] : 0;
        const float high = column + 1 < d ? bias[column + 1] : 0;
        *word = Pair<T>::pack(Pair<T>::low(*word) + low, Pair<T>::high(*word) + high);
    }
}

template <typename T>
__device__ __forceinline__ bool notFinite(unsigned bits);

template <>
__device__ __forceinline__ bool notFinite<Float16>(unsigned bits) {
    return (bits & 0x7c00u) == 0x7c00u;
}

template <>
__device__ __forceinline__ bool notFinite<BFloat16>(unsigned bits) {
    return (bits & 0x7f80u) == 0x7f80u;
}

/**
 * Clears infinities and NaN in a tile of values where some rows see only some of the keys: in a product the 0 of a masked
 * key would make them NaN. writeRows puts them back into the rows that see them. Returns whether this thread found any.
 */
template <int D, typename T>
__device__ __forceinline__ bool clearNotFinite(unsigned short* tile, int count) {
    bool found = false;
    unsigned* words = reinterpret_cast<unsigned*>(tile);
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < count * D / 2; i += TILE_BLOCK) {
        const unsigned word = words[i];
        const unsigned kept = (notFinite<T>(word) ? 0u : 0xffffu) | (notFinite<T>(word >> 16) ? 0u : 0xffff0000u);
        if (kept != 0xffffffffu) {
            words[i] = word & kept;
            found = true;
        }
    }
    return found;
}

/** What a lane keeps of its rows g and g + 8 of the warp's 16. */
template <int D>
struct MmaRows {
    unsigned queries[D / 16][4];
    float out[D / 8][4];
    /** The running maximum in units of the exponent of 2. */
    float top[2];
    float sum[2];
};

/**
 * One tile. FULL: all its keys are visible to all rows of the warp; else the keys below count are, and if causal only
 * those up to the row itself, where lastKey is the last key that this lane's upper row sees.
 */
template <typename T, int D, bool FULL>
__device__ __forceinline__ void attendTile(
        MmaRows<D>& rows, const typename MmaTiles<D>::Stage& stage, int d, float scale, int count, bool causal, int lastKey) {
    constexpr int KEYS = MmaTiles<D>::KEYS;
    const int lane = laneIndex();
    float scores[KEYS / 8][4] = {};
#pragma unroll
    for (int k = 0; k < D / 16; k++) {
        if (k * 16 < d) {
#pragma unroll
            for (int j = 0; j < KEYS / 16; j++) {
                if (FULL || j * 16 < count) {
                    unsigned b[4];
                    loadMatrices(b, stage.keys + tileOffset<D>(j * 16 + lane / 16 * 8 + lane % 8, k * 16 + lane / 8 % 2 * 8));
                    multiplyAdd<T>(scores[2 * j], rows.queries[k], b[0], b[1]);
                    multiplyAdd<T>(scores[2 * j + 1], rows.queries[k], b[2], b[3]);
                }
            }
        }
    }

    float fade[2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int last = causal ? lesser(count - 1, lastKey + half * 8) : count - 1;
        float top = -infinity();
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
            for (int i = 2 * half; i < 2 * half + 2; i++) {
                if (!FULL && j * 8 + lane % 4 * 2 + i % 2 > last) {
                    scores[j][i] = -infinity();
                }
                top = fmaxf(top, scores[j][i]);
            }
        }
        top = fmaxf(top, __shfl_xor_sync(FULL_WARP, top, 1));
        top = fmaxf(top, __shfl_xor_sync(FULL_WARP, top, 2));
        top = fmaxf(rows.top[half], top * scale);
        const float shift = shiftOf(top);
        fade[half] = exp2Approximate(rows.top[half] - shift);
        rows.top[half] = top;
        float sum = 0;
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
            for (int i = 2 * half; i < 2 * half + 2; i++) {
                scores[j][i] = exp2Approximate(fmaf(scores[j][i], scale, -shift));
                sum += scores[j][i];
            }
        }
        rows.sum[half] = fmaf(rows.sum[half], fade[half], sum);
    }
#pragma unroll
    for (int n = 0; n < D / 8; n++) {
        rows.out[n][0] *= fade[0];
        rows.out[n][1] *= fade[0];
        rows.out[n][2] *= fade[1];
        rows.out[n][3] *= fade[1];
    }

#pragma unroll
    for (int j = 0; j < KEYS / 16; j++) {
        if (FULL || j * 16 < count) {
            unsigned high[4];
            unsigned low[4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float p0 = scores[2 * j + i / 2][i % 2 * 2];
                const float p1 = scores[2 * j + i / 2][i % 2 * 2 + 1];
                high[i] = Pair<T>::pack(p0, p1);
                low[i] = Pair<T>::pack(p0 - Pair<T>::low(high[i]), p1 - Pair<T>::high(high[i]));
            }
#pragma unroll
            for (int n = 0; n < D / 16; n++) {
                if (n * 16 < d) {
                    unsigned b[4];
                    loadMatricesTransposed(b, stage.values + tileOffset<D>(j * 16 + lane % 16, n * 16 + lane / 16 * 8));
                    multiplyAdd<T>(rows.out[2 * n], high, b[0], b[1]);
                    multiplyAdd<T>(rows.out[2 * n + 1], high, b[2], b[3]);
                    multiplyAdd<T>(rows.out[2 * n], low, b[0], b[1]);
                    multiplyAdd<T>(rows.out[2 * n + 1], low, b[2], b[3]);
                }
            }
        }
    }
}

/**
 * The warp's 16 rows of the result: through its own part of a tile, so that they leave in whole chunks. cleared: values of
 * keys from firstMasked on were not finite and were left out; a visible one decides the result, whatever its weight.
 */
template <int D, typename T>
__device__ __forceinline__ void writeRows(
        unsigned short* tile,
        MmaRows<D>& rows,
        const AttentionHead<T>& head,
        int firstRow,
        int d,
        bool chunked,
        bool cleared,
        int firstMasked) {
    const int lane = laneIndex();
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = rows.sum[half];
        sum += __shfl_xor_sync(FULL_WARP, sum, 1);
        sum += __shfl_xor_sync(FULL_WARP, sum, 2);
        const float inverse = 1 / sum;
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            const int column = n * 8 + lane % 4 * 2;
            float left = rows.out[n][2 * half] * inverse;
            float right = rows.out[n][2 * half + 1] * inverse;
            if (head.valueBias != nullptr) {
                left += column < d ? head.valueBias[column] : 0;
                right += column + 1 < d ? head.valueBias[column + 1] : 0;
            }
            *reinterpret_cast<unsigned*>(tile + tileOffset<D>(lane / 4 + half * 8, column)) = Pair<T>::pack(left, right);
        }
    }
    __syncwarp();
    const int count = lesser(16, head.length - firstRow);
    T* to = head.out + firstRow * head.outStride;
    if (cleared) {
#pragma unroll 1
        for (int i = lane; i < count * D; i += WARP) {
            const int row = i / D;
            const int column = i % D;
            T& result = *reinterpret_cast<T*>(tile + tileOffset<D>(row, column));
            for (int key = firstMasked; key <= firstRow + row && column < d; key++) {
                const T value = head.values[key * head.rowStride + column];
                if (notFinite<T>(value.bits)) {
                    assign(result, toFloat(result) + toFloat(value));
                }
            }
        }
        __syncwarp();
    }
    if (chunked) {
        constexpr int CHUNKS = D / 8;
        for (int i = lane; i < count * CHUNKS; i += WARP) {
            const int row = i / CHUNKS;
            const int column = i % CHUNKS * 8;
            if (column < d) {
                *reinterpret_cast<uint4*>(to + row * head.outStride + column) =
                        *reinterpret_cast<const uint4*>(tile + tileOffset<D>(row, column));
            }
        }
    } else {
#pragma unroll 1
        for (int i = lane; i < count * D; i += WARP) {
            const int row = i / D;
            const int column = i % D;
            if (column < d) {
                to[row * head.outStride + column].bits = tile[tileOffset<D>(row, column)];
            }
        }
    }
}

template <int D, typename T>
__device__ __forceinline__ void attentionMma(void* shared, const AttentionArguments<T>& arguments) {
    const AttentionHead<T> head = attentionHead(arguments);
    const int d = arguments.d;
    const bool causal = arguments.causal;
    constexpr int KEYS = MmaTiles<D>::KEYS;
    auto& stages = static_cast<MmaTiles<D>*>(shared)->stages;
    const int firstQuery = static_cast<int>(blockIdx.x) * TILE_ROWS;
    const int warpRow = warpIndex() * 16;
    const int lane = laneIndex();
    const float scale = LOG2_E * rsqrtf(static_cast<float>(d));
    // Heads start at multiples of d, so that with this every row of every head lies on 16 bytes.
    const bool chunked = d % 8 == 0 && aligned(head.queries) && aligned(head.out);
    const int keysEnd = causal ? lesser(head.length, firstQuery + TILE_ROWS) : head.length;

    unsigned short* queries = reinterpret_cast<unsigned short*>(&stages[1]);
    copyTile<D, TILE_ROWS>(queries, head.queries, head.rowStride, firstQuery, head.length, d, chunked);
    commitCopies();
    copyTile<D, KEYS>(stages[0].keys, head.keys, head.rowStride, 0, keysEnd, d, chunked);
    copyTile<D, KEYS>(stages[0].values, head.values, head.rowStride, 0, keysEnd, d, chunked);
    commitCopies();
    waitForCopies<1>();
    __syncthreads();
    if (head.queryBias != nullptr) {
        addQueryBias<D, T>(queries, head.queryBias, d);
        __syncthreads();
    }
    MmaRows<D> rows = {};
#pragma unroll
    for (int k = 0; k < D / 16; k++) {
        loadMatrices(rows.queries[k], queries + tileOffset<D>(warpRow + lane % 16, k * 16 + lane / 16 * 8));
    }
    rows.top[0] = rows.top[1] = -infinity();

    // A warp whose rows all lie beyond the sequence has nothing to multiply.
    const bool busy = firstQuery + warpRow < head.length;
    bool cleared = false;
    for (int firstKey = 0, stage = 0; firstKey < keysEnd; firstKey += KEYS, stage ^= 1) {
        // Everyone has read from the stage that is filled next.
        __syncthreads();
        if (firstKey + KEYS < keysEnd) {
            auto& next = stages[stage ^ 1];
            copyTile<D, KEYS>(next.keys, head.keys, head.rowStride, firstKey + KEYS, keysEnd, d, chunked);
            copyTile<D, KEYS>(next.values, head.values, head.rowStride, firstKey + KEYS, keysEnd, d, chunked);
        }
        commitCopies();
        waitForCopies<1>();
        __syncthreads();
        if (causal && firstKey >= firstQuery) {
            const int keys = lesser(KEYS, (keysEnd - firstKey + 15) / 16 * 16);
            cleared |= __syncthreads_or(clearNotFinite<D, T>(stages[stage].values, keys)) != 0;
        }
        const int warpFirst = firstQuery + warpRow - firstKey;
        const int count = lesser(KEYS, causal ? lesser(keysEnd - firstKey, warpFirst + 16) : keysEnd - firstKey);
        if (busy && count > 0) {
            if (count == KEYS && (!causal || warpFirst >= KEYS - 1)) {
                attendTile<T, D, true>(rows, stages[stage], d, scale, KEYS, false, 0);
            } else {
                attendTile<T, D, false>(rows, stages[stage], d, scale, count, causal, warpFirst + lane / 4);
            }
        }
    }
    __syncthreads();
    if (busy) {
        // Found anew: the addresses of the output, kept over the loop, would push fragments out of the registers.
        const AttentionHead<T> again = attentionHead(arguments);
        unsigned short* own = reinterpret_cast<unsigned short*>(&stages[0]) + warpRow * D;
        writeRows<D>(own, rows, again, firstQuery + warpRow, d, chunked, cleared, firstQuery);
    }
}
