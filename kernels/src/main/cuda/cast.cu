// Conversions between storage types.
#include "common.cuh"

template <typename A, typename B>
__device__ __forceinline__ void cast(B* out, const A* in, long long n) {
    const long long thread = static_cast<long long>(blockIdx.x) * ROW_BLOCK + threadIdx.x;
    const long long threads = static_cast<long long>(gridDim.x) * ROW_BLOCK;
    const long long whole = aligned(in) && aligned(out) ? n / CAST_CHUNK * CAST_CHUNK : 0;
    for (long long i = thread * CAST_CHUNK; i < whole; i += threads * CAST_CHUNK) {
        float v[CAST_CHUNK];
        load(v, in + i);
        store(out + i, v);
    }
    for (long long i = whole + thread; i < n; i += threads) {
        assign(out[i], toFloat(in[i]));
    }
}

// out [n] = in [n] in another type, rounded to nearest even; NaN stays NaN.
// Grid ceil(n / ROW_BLOCK / CAST_CHUNK) (any number of blocks from 1 up is correct), block ROW_BLOCK, dynamic shared
// memory 0.
#define CAST_KERNEL(FROM, A, TO, B)                                                                                    \
    extern "C" __global__ void __launch_bounds__(ROW_BLOCK) cast_##FROM##_to_##TO(B* out, const A* in, long long n) { \
        cast<A, B>(out, in, n);                                                                                        \
    }

CAST_KERNEL(f32, float, f16, Float16)
CAST_KERNEL(f32, float, bf16, BFloat16)
CAST_KERNEL(f16, Float16, f32, float)
CAST_KERNEL(f16, Float16, bf16, BFloat16)
CAST_KERNEL(bf16, BFloat16, f32, float)
CAST_KERNEL(bf16, BFloat16, f16, Float16)
