// Rotary position embedding: pairs of columns are turned by an angle that depends on the row's position.
#include "common.cuh"

template <typename T>
__device__ __forceinline__ void rotary(
        T* qkv,
        const float* cosine,
        const float* sine,
        const int* positions,
        int rows,
        int columns,
        int turned,
        int size,
        int half,
        bool interleaved) {
    const int item = warpRow();
    const int row = item / turned;
    if (row >= rows) {
        return;
    }
    const long long angles = static_cast<long long>(positions[row]) * half;
    T* head = qkv + static_cast<long long>(row) * columns + item % turned * size;
    for (int pair = laneIndex(); pair < half; pair += WARP) {
        T* first = head + (interleaved ? 2 * pair : pair);
        T* second = interleaved ? first + 1 : first + half;
        const float a = toFloat(*first);
        const float b = toFloat(*second);
        const float c = cosine[angles + pair];
        const float s = sine[angles + pair];
        assign(*first, a * c - b * s);
        assign(*second, b * c + a * s);
    }
}

// Turns the first 2 * half columns of the first turned heads, of size columns each, of every row of qkv [rows, columns].
// cosine and sine [P, half], positions [rows] below P. Pairs are (i, i + half), or (2i, 2i + 1) where interleaved is not 0.
// Grid ceil(rows * turned / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per head of a row.
#define ROTARY(SUFFIX, T)                                                                                \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) rotary_##SUFFIX(                             \
            T* qkv, const float* cosine, const float* sine, const int* positions, int rows, int columns, \
            int turned, int size, int half, int interleaved) {                                           \
        rotary<T>(qkv, cosine, sine, positions, rows, columns, turned, size, half, interleaved != 0);    \
    }

ROTARY(f32, float)
ROTARY(f16, Float16)
ROTARY(bf16, BFloat16)
