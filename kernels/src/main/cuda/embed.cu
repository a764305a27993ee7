// Embedding: the sum of one to three table rows per token, layer-normalised if asked.
#include "layer_norm.cuh"

static_assert(LOOKUPS_MOST == 3, "as many tables as the kernels have arguments");

template <typename T>
struct Tables {
    const T* row[LOOKUPS_MOST];
    int count;

    template <int P>
    __device__ __forceinline__ void operator()(int column, float (&v)[P]) const {
        load(v, row[0] + column);
#pragma unroll
        for (int t = 1; t < LOOKUPS_MOST; t++) {
            if (t < count) {
                float more[P];
                load(more, row[t] + column);
#pragma unroll
                for (int i = 0; i < P; i++) {
                    v[i] += more[i];
                }
            }
        }
    }
};

template <typename T, int P>
__device__ __forceinline__ void embedRow(
        T* out, int columns, const Tables<T>& tables, const float* gain, const float* bias, float epsilon) {
    if (gain != nullptr) {
        layerNormRow<T, P>(out, columns, gain, bias, epsilon, tables);
        return;
    }
    for (int column = laneIndex() * P; column < columns; column += WARP * P) {
        if (tables.count > 1) {
            float v[P];
            tables(column, v);
            store(out + column, v);
        } else if constexpr (P == 1) {
            // Copied as bits: a round trip through f32 would change the payload of a NaN.
            out[column] = tables.row[0][column];
        } else {
            *reinterpret_cast<uint4*>(out + column) = *reinterpret_cast<const uint4*>(tables.row[0] + column);
        }
    }
}

template <typename T>
__device__ __forceinline__ void embed(
        T* out,
        int rows,
        int columns,
        int count,
        const T* table0,
        const int* ids0,
        const T* table1,
        const int* ids1,
        const T* table2,
        const int* ids2,
        const float* gain,
        const float* bias,
        float epsilon) {
    const int row = warpRow();
    if (row >= rows) {
        return;
    }
    const long long width = columns;
    Tables<T> tables;
    tables.count = count;
    tables.row[0] = table0 + ids0[row] * width;
    tables.row[1] = count > 1 ? table1 + ids1[row] * width : nullptr;
    tables.row[2] = count > 2 ? table2 + ids2[row] * width : nullptr;
    T* to = out + row * width;
    if (columns % CHUNK<T> == 0 && aligned(out) && aligned(table0) && aligned(tables.row[1]) && aligned(tables.row[2])
            && aligned(gain) && aligned(bias)) {
        embedRow<T, CHUNK<T>>(to, columns, tables, gain, bias, epsilon);
    } else {
        embedRow<T, 1>(to, columns, tables, gain, bias, epsilon);
    }
}

// out [rows, columns] = LayerNorm(table0[ids0[row]] + table1[ids1[row]] + table2[ids2[row]]), with count of the tables.
// gain null: no normalisation (then one table gives an exact copy). Tables beyond count are not touched.
// Grid ceil(rows / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per row.
#define EMBED(SUFFIX, T)                                                                                              \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK, 2) embed_##SUFFIX(                                           \
            T* out, int rows, int columns, int count, const T* table0, const int* ids0, const T* table1,              \
            const int* ids1, const T* table2, const int* ids2, const float* gain, const float* bias, float epsilon) { \
        embed<T>(out, rows, columns, count, table0, ids0, table1, ids1, table2, ids2, gain, bias, epsilon);           \
    }

EMBED(f32, float)
EMBED(f16, Float16)
EMBED(bf16, BFloat16)
