// Choice of the next token from a row of logits, by one block a row.
//
// Weights are whole multiples of 2^-38: their sums do not depend on the order in which threads add, so that every
// provider, and every run, comes to the same token. Nothing is sorted: the last token that top-k or top-p keeps is found
// digit by digit of its logit's rank, from sums per digit in shared memory; the drawn token by sums over segments of ids.
#include "sample_row.cuh"

constexpr int SAMPLE_WARPS = SAMPLE_BLOCK / WARP;

/** Values of a digit; of the 32 bits of a rank the digits have 11, 11 and 10. */
constexpr int DIGITS = 2048;
constexpr int DIGITS_OF_THREAD = DIGITS / SAMPLE_BLOCK;

struct Shared {
    /** Sums by digit; two words, because shared memory adds no 64 bits at once. */
    unsigned low[DIGITS];
    unsigned high[DIGITS];
    Whole ofWarp[SAMPLE_WARPS];
    Whole left;
    int found;
    int gathered;
    Whole alternatives[SAMPLE_MOST_ALTERNATIVES];
};

__device__ __forceinline__ Whole warpTotal(Whole x) {
#pragma unroll
    for (int step = WARP / 2; step > 0; step /= 2) {
        x += __shfl_xor_sync(FULL_WARP, x, step);
    }
    return x;
}

/** The greatest one of all threads, in every thread. */
__device__ __forceinline__ Whole greatest(Whole x, Shared& shared) {
#pragma unroll
    for (int step = WARP / 2; step > 0; step /= 2) {
        const Whole other = __shfl_xor_sync(FULL_WARP, x, step);
        x = other > x ? other : x;
    }
    if (laneIndex() == 0) {
        shared.ofWarp[warpIndex()] = x;
    }
    __syncthreads();
    for (int w = 0; w < SAMPLE_WARPS; w++) {
        x = shared.ofWarp[w] > x ? shared.ofWarp[w] : x;
    }
    __syncthreads();
    return x;
}

/** Ids that a warp sums up: a segment each, one behind the other. */
struct Segment {
    int from;
    int to;

    __device__ __forceinline__ explicit Segment(int columns) {
        const int length = (columns + SAMPLE_BLOCK - 1) / SAMPLE_BLOCK * WARP;
        from = lesser(columns, warpIndex() * length);
        to = lesser(columns, from + length);
    }
};

/** Sum of amount(id) over all ids, in every thread; what each warp's segment has is left for reach. */
template <typename Amount>
__device__ __forceinline__ Whole total(int columns, Shared& shared, Amount amount) {
    const Segment segment(columns);
    Whole sum = 0;
    for (int id = segment.from + laneIndex(); id < segment.to; id += WARP) {
        sum += amount(id);
    }
    sum = warpTotal(sum);
    if (laneIndex() == 0) {
        shared.ofWarp[warpIndex()] = sum;
    }
    __syncthreads();
    sum = 0;
    for (int w = 0; w < SAMPLE_WARPS; w++) {
        sum += shared.ofWarp[w];
    }
    return sum;
}

/** After total with the same amounts: the first id at which their running total exceeds target, in every thread. */
template <typename Amount>
__device__ __forceinline__ int reach(int columns, Shared& shared, Whole target, Amount amount) {
    Whole before = 0;
    for (int w = 0; w < warpIndex(); w++) {
        before += shared.ofWarp[w];
    }
    if (before <= target && target < before + shared.ofWarp[warpIndex()]) {
        const Segment segment(columns);
        bool found = false;
        for (int first = segment.from; !found; first += WARP) {
            const int id = first + laneIndex();
            const Whole own = id < segment.to ? amount(id) : 0;
            Whole upTo = own;
#pragma unroll
            for (int step = 1; step < WARP; step *= 2) {
                const Whole lower = __shfl_up_sync(FULL_WARP, upTo, step);
                upTo += laneIndex() >= step ? lower : 0;
            }
            if (before + upTo > target && before + upTo - own <= target) {
                shared.found = id;
            }
            before += __shfl_sync(FULL_WARP, upTo, WARP - 1);
            found = before > target;
        }
    }
    __syncthreads();
    return shared.found;
}

/**
 * The token at which the running total of amount(id), taken by falling rank and rising id, reaches target, which the sum
 * of all does; target is at least 1. Tokens of one rank have one amount.
 */
template <typename Amount>
__device__ __forceinline__ Cut cutAt(const float* scores, int columns, Shared& shared, Whole target, Amount amount) {
    unsigned rank = 0;
    Whole ofRank = 0;
    for (int digit = 0; digit < 3; digit++) {
        const int shift = digit == 0 ? 21 : digit == 1 ? 10 : 0;
        for (int i = static_cast<int>(threadIdx.x); i < DIGITS; i += SAMPLE_BLOCK) {
            shared.low[i] = 0;
            shared.high[i] = 0;
        }
        __syncthreads();
        for (int id = static_cast<int>(threadIdx.x); id < columns; id += SAMPLE_BLOCK) {
            const unsigned own = rankOf(scores[id]);
            const bool same = digit == 0 || (digit == 1 ? (own ^ rank) >> 21 == 0 : (own ^ rank) >> 10 == 0);
            const Whole size = same ? amount(id) : 0;
            if (size != 0) {
                const unsigned place = own >> shift & (digit == 2 ? DIGITS / 2 - 1 : DIGITS - 1);
                const unsigned low = static_cast<unsigned>(size);
                const unsigned carry = atomicAdd(&shared.low[place], low) > ~low ? 1 : 0;
                const unsigned high = static_cast<unsigned>(size >> 32) + carry;
                if (high != 0) {
                    atomicAdd(&shared.high[place], high);
                }
            }
        }
        __syncthreads();
        // Thread 0 has the greatest digits.
        const int top = DIGITS - 1 - static_cast<int>(threadIdx.x) * DIGITS_OF_THREAD;
        Whole sums[DIGITS_OF_THREAD];
        Whole own = 0;
#pragma unroll
        for (int i = 0; i < DIGITS_OF_THREAD; i++) {
            sums[i] = static_cast<Whole>(shared.high[top - i]) << 32 | shared.low[top - i];
            own += sums[i];
        }
        Whole upTo = own;
#pragma unroll
        for (int step = 1; step < WARP; step *= 2) {
            const Whole lower = __shfl_up_sync(FULL_WARP, upTo, step);
            upTo += laneIndex() >= step ? lower : 0;
        }
        if (laneIndex() == WARP - 1) {
            shared.ofWarp[warpIndex()] = upTo;
        }
        __syncthreads();
        for (int w = 0; w < warpIndex(); w++) {
            upTo += shared.ofWarp[w];
        }
        Whole running = upTo - own;
#pragma unroll
        for (int i = 0; i < DIGITS_OF_THREAD; i++) {
            const Whole next = running + sums[i];
            if (running < target && next >= target) {
                shared.found = top - i;
                shared.left = target - running;
            }
            running = next;
        }
        __syncthreads();
        target = shared.left;
        ofRank = static_cast<Whole>(shared.high[shared.found]) << 32 | shared.low[shared.found];
        rank |= static_cast<unsigned>(shared.found) << shift;
        __syncthreads();
    }
    if (target == ofRank) {
        return {rank, columns};
    }
    // Of equals the lower ids.
    const auto ofEqual = [&](int id) -> Whole { return rankOf(scores[id]) == rank ? amount(id) : 0; };
    total(columns, shared, ofEqual);
    const int id = reach(columns, shared, target - 1, ofEqual);
    __syncthreads();
    return {rank, id};
}

/** The most probable tokens, in order. */
__device__ __forceinline__ void reportAlternatives(
        float* ids, const float* scores, int columns, int wanted, int places, float top, double logSum, Shared& shared) {
    if (wanted == 0) {
        return;
    }
    const Cut cut = cutAt(scores, columns, shared, wanted, [](int) -> Whole { return 1; });
    if (threadIdx.x == 0) {
        shared.gathered = 0;
    }
    __syncthreads();
    for (int id = static_cast<int>(threadIdx.x); id < columns; id += SAMPLE_BLOCK) {
        if (cut.keeps(rankOf(scores[id]), id)) {
            shared.alternatives[atomicAdd(&shared.gathered, 1)] = ranked(scores[id], id);
        }
    }
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < wanted) {
        const Whole own = shared.alternatives[threadIdx.x];
        int place = 0;
        for (int i = 0; i < wanted; i++) {
            place += shared.alternatives[i] > own ? 1 : 0;
        }
        ids[place] = static_cast<float>(idOf(own));
        const double difference = static_cast<double>(scores[idOf(own)]) - top;
        ids[places + place] = static_cast<float>(difference - logSum);
    }
    __syncthreads();
}

/** The drawn token. */
__device__ __forceinline__ int drawn(const float* scores, int columns, float largest, const RowRules& row, Shared& shared) {
    const auto weight = [&](int id) -> Whole { return weightOf(scores[id], largest, row.inverse); };
    Cut cut = {0, columns};
    if (row.topK > 0 && row.topK < columns) {
        cut = cutAt(scores, columns, shared, row.topK, [](int) -> Whole { return 1; });
    }
    if (row.topP < 1) {
        const Cut first = cut;
        const Whole sum = total(columns, shared, [&](int id) -> Whole {
            return first.keeps(rankOf(scores[id]), id) ? weight(id) : 0;
        });
        const Whole share = static_cast<Whole>(ceil(static_cast<double>(row.topP) * static_cast<double>(sum)));
        __syncthreads();
        cut = cutAt(scores, columns, shared, share, weight);
    }
    const Whole least = static_cast<Whole>(ceil(static_cast<double>(row.minP) * static_cast<double>(1ull << ONE_BITS)));
    const auto kept = [&](int id) -> Whole {
        const Whole size = weight(id);
        return size >= least && cut.keeps(rankOf(scores[id]), id) ? size : 0;
    };
    const Whole sum = total(columns, shared, kept);
    return reach(columns, shared, __umul64hi(sum, row.draw), kept);
}

template <typename T>
__device__ __forceinline__ void sample(
        float* out, const T* logits, float* scoresOfAll, const int* rows, int columns, int places) {
    __shared__ Shared shared;
    const int row = static_cast<int>(blockIdx.x);
    const int thread = static_cast<int>(threadIdx.x);
    const RowRules rules(rows + row * RULE_COUNT);
    const T* from = logits + static_cast<long long>(row) * columns;
    float* scores = scoresOfAll + static_cast<long long>(row) * columns;
    float* result = out + static_cast<long long>(row) * (SAMPLE_FIRST_ALTERNATIVE + 2 * places);
    for (int i = thread; i < places; i += SAMPLE_BLOCK) {
        result[SAMPLE_FIRST_ALTERNATIVE + i] = -1;
        result[SAMPLE_FIRST_ALTERNATIVE + places + i] = 0;
    }
    Whole best = 0;
    for (int id = thread; id < columns; id += SAMPLE_BLOCK) {
        const float score = toFloat(from[id]);
        scores[id] = score;
        const bool finite = (__float_as_uint(score) & 0x7fffffffu) < 0x7f800000u;
        // Beyond every rank, so that the first such token is the greatest of all.
        const Whole own = finite ? ranked(score, id) : 0xffffffff00000000ull | ~static_cast<unsigned>(id);
        best = own > best ? own : best;
    }
    best = greatest(best, shared);
    if (best >> 32 == 0xffffffffull) {
        if (thread == 0) {
            result[SAMPLE_ID] = static_cast<float>(idOf(best));
            result[SAMPLE_LOG_PROBABILITY] = toFloat(from[idOf(best)]);
            result[SAMPLE_OUTCOME] = SAMPLE_NOT_FINITE;
        }
        return;
    }
    const float top = scores[idOf(best)];
    const Whole sum = total(columns, shared, [&](int id) -> Whole { return weightOf(scores[id], top, 1.0f); });
    const double logSum = log(static_cast<double>(sum)) - ONE_BITS * 0.69314718055994530942;
    __syncthreads();
    reportAlternatives(
            result + SAMPLE_FIRST_ALTERNATIVE, scores, columns, lesser(rules.alternatives, columns), places, top, logSum, shared);
    if (rules.changes > 0) {
        for (int i = thread; i < rules.changes; i += SAMPLE_BLOCK) {
            const int* change = rows + rules.firstChange + i * CHANGE_COUNT;
            scores[change[CHANGE_ID]] = changed(scores[change[CHANGE_ID]], change);
        }
        __syncthreads();
        best = 0;
        for (int id = thread; id < columns; id += SAMPLE_BLOCK) {
            const Whole own = ranked(scores[id], id);
            best = own > best ? own : best;
        }
        best = greatest(best, shared);
    }
    const float largest = scores[idOf(best)];
    if (largest == -infinity()) {
        if (thread == 0) {
            result[SAMPLE_ID] = 0;
            result[SAMPLE_LOG_PROBABILITY] = 0;
            result[SAMPLE_OUTCOME] = SAMPLE_NOTHING_LEFT;
        }
        return;
    }
    const int id = rules.inverse == 0 ? idOf(best) : drawn(scores, columns, largest, rules, shared);
    if (thread == 0) {
        result[SAMPLE_ID] = static_cast<float>(id);
        result[SAMPLE_LOG_PROBABILITY] = static_cast<float>(static_cast<double>(toFloat(from[id])) - top - logSum);
        result[SAMPLE_OUTCOME] = SAMPLE_CHOSEN;
    }
}

// out [R, 3 + 2 * places] = what is chosen from each row of logits [R, columns]; see Ops.sample for its columns.
// rows: the RULE_COUNT numbers of each row, then CHANGE_COUNT of each change of a logit. scores [R, columns] is
// room for the changed logits. Grid R, block SAMPLE_BLOCK, dynamic shared memory 0: a block per row.
#define SAMPLE(SUFFIX, T)                                                                                   \
    extern "C" __global__ void __launch_bounds__(SAMPLE_BLOCK, 1) sample_##SUFFIX(                          \
            float* out, const T* logits, float* scores, const int* rows, int columns, int places) {         \
        sample<T>(out, logits, scores, rows, columns, places);                                              \
    }

SAMPLE(f32, float)
SAMPLE(f16, Float16)
SAMPLE(bf16, BFloat16)
