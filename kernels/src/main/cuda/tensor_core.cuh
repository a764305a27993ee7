// Matrix products on tensor cores, the loads that feed them, and asynchronous copies into shared memory: one small
// function for each PTX instruction. The simulator has no PTX, so each function has a second body in plain C++ that
// does what the PTX manual documents, lane for lane: what runs in a test is the same kernel with the same fragments.
//
// Fragments of a product [16, 16] x [16, 8], with g = lane / 4 and t = lane % 4; a word holds two neighbours, low first:
//   a[0] row g, columns 2t, 2t + 1;  a[1] row g + 8;  a[2] row g, columns 2t + 8, 2t + 9;  a[3] row g + 8 of these
//   b0 rows 2t, 2t + 1 of column g;  b1 rows 2t + 8, 2t + 9 of it
//   c[0], c[1] row g, columns 2t, 2t + 1;  c[2], c[3] row g + 8
#pragma once

#include "common.cuh"

/** Whether the chip compiled for multiplies matrices of T: f16 from sm_75 on, bf16 from sm_80 on. */
template <typename T>
constexpr bool ON_TENSOR_CORES = false;

template <>
constexpr bool ON_TENSOR_CORES<Float16> = true;

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
template <>
constexpr bool ON_TENSOR_CORES<BFloat16> = true;
#endif

#ifdef LIMBIC_SIMULATOR

/** Warps of the largest block that uses this header. */
constexpr int SIMULATED_WARPS = 4;

/** c += a * b. */
template <typename T>
__device__ __forceinline__ void multiplyAdd(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    __shared__ unsigned words[SIMULATED_WARPS][WARP][6];
    unsigned(&all)[WARP][6] = words[warpIndex()];
    unsigned* own = all[laneIndex()];
    for (int i = 0; i < 4; i++) {
        own[i] = a[i];
    }
    own[4] = b0;
    own[5] = b1;
    __syncwarp();
    const int g = laneIndex() / 4;
    const int t = laneIndex() % 4;
    for (int i = 0; i < 4; i++) {
        const int column = 2 * t + i % 2;
        for (int k = 0; k < 16; k++) {
            const unsigned x = all[g * 4 + k % 8 / 2][i / 2 + k / 8 * 2];
            const unsigned y = all[column * 4 + k % 8 / 2][4 + k / 8];
            c[i] = k % 2 == 0 ? fmaf(Pair<T>::low(x), Pair<T>::low(y), c[i]) : fmaf(Pair<T>::high(x), Pair<T>::high(y), c[i]);
        }
    }
    __syncwarp();
}

/** Addresses of 32 rows of 16 bytes, one from each lane, to all lanes: the rows of four matrices of 8 x 8. */
__device__ __forceinline__ void shareRows(const unsigned short* (&rows)[WARP], const void* row) {
    __shared__ unsigned long long addresses[SIMULATED_WARPS][WARP];
    addresses[warpIndex()][laneIndex()] = reinterpret_cast<unsigned long long>(row);
    __syncwarp();
    for (int i = 0; i < WARP; i++) {
        rows[i] = reinterpret_cast<const unsigned short*>(addresses[warpIndex()][i]);
    }
    __syncwarp();
}

/** Four 8 x 8 matrices; lane i brings the address of row i % 8 of matrix i / 8. m[j] = row g, columns 2t, 2t + 1 of j. */
__device__ __forceinline__ void loadMatrices(unsigned (&m)[4], const void* row) {
    const unsigned short* rows[WARP];
    shareRows(rows, row);
    for (int j = 0; j < 4; j++) {
        const unsigned short* from = rows[j * 8 + laneIndex() / 4] + laneIndex() % 4 * 2;
        m[j] = from[0] | (static_cast<unsigned>(from[1]) << 16);
    }
}

/** The same of the transposed matrices: m[j] = rows 2t, 2t + 1 of column g of matrix j. */
__device__ __forceinline__ void loadMatricesTransposed(unsigned (&m)[4], const void* row) {
    const unsigned short* rows[WARP];
    shareRows(rows, row);
    for (int j = 0; j < 4; j++) {
        const int first = j * 8 + laneIndex() % 4 * 2;
        const int column = laneIndex() / 4;
        m[j] = rows[first][column] | (static_cast<unsigned>(rows[first + 1][column]) << 16);
    }
}

/** Copies 16 bytes to shared memory, or clears them there unless present. Both addresses lie on 16 bytes. */
__device__ __forceinline__ void copyAsync(void* to, const void* from, bool present) {
    *static_cast<uint4*>(to) = present ? *static_cast<const uint4*>(from) : make_uint4(0, 0, 0, 0);
}

/** Closes a group of copies. */
__device__ __forceinline__ void commitCopies() {}

/** Waits for this thread's copies, the latest PENDING groups excepted. */
template <int PENDING>
__device__ __forceinline__ void waitForCopies() {}

#else

template <typename T>
__device__ __forceinline__ void multiplyAdd(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1);

template <>
__device__ __forceinline__ void multiplyAdd<Float16>(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    // sm_75 multiplies [16, 8] x [8, 8]: the two halves of the same fragments.
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
template <>
__device__ __forceinline__ void multiplyAdd<BFloat16>(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif

__device__ __forceinline__ unsigned sharedAddress(const void* address) {
    return static_cast<unsigned>(__cvta_generic_to_shared(address));
}

// What reads or writes memory is volatile and names memory, so that the compiler keeps it between the barriers.

__device__ __forceinline__ void loadMatrices(unsigned (&m)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
                 : "r"(sharedAddress(row))
                 : "memory");
}

__device__ __forceinline__ void loadMatricesTransposed(unsigned (&m)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
                 : "r"(sharedAddress(row))
                 : "memory");
}

__device__ __forceinline__ void copyAsync(void* to, const void* from, bool present) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    // The copy reads as many bytes as it is told and clears the rest.
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(sharedAddress(to)), "l"(__cvta_generic_to_global(from)), "r"(present ? 16 : 0)
                 : "memory");
#else
    *static_cast<uint4*>(to) = present ? *static_cast<const uint4*>(from) : make_uint4(0, 0, 0, 0);
#endif
}

__device__ __forceinline__ void commitCopies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" : : : "memory");
#endif
}

template <int PENDING>
__device__ __forceinline__ void waitForCopies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" : : "n"(PENDING) : "memory");
#endif
}

#endif
