// Copies of chosen rows.
#include "common.cuh"

template <typename Unit>
__device__ __forceinline__ void copyRow(char* to, const char* from, int bytes) {
    for (int at = laneIndex() * static_cast<int>(sizeof(Unit)); at < bytes; at += WARP * static_cast<int>(sizeof(Unit))) {
        *reinterpret_cast<Unit*>(to + at) = *reinterpret_cast<const Unit*>(from + at);
    }
}

// out[r] = x[rows[r]] for count rows of rowBytes bytes, of any type and size.
// Grid ceil(count / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per row.
extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
        gather_rows(void* out, const void* x, const int* rows, int count, int rowBytes) {
    const int row = warpRow();
    if (row >= count) {
        return;
    }
    char* to = static_cast<char*>(out) + static_cast<long long>(row) * rowBytes;
    const char* from = static_cast<const char*>(x) + static_cast<long long>(rows[row]) * rowBytes;
    const unsigned long long low =
            reinterpret_cast<unsigned long long>(out) | reinterpret_cast<unsigned long long>(x) | static_cast<unsigned>(rowBytes);
    if (low % 16 == 0) {
        copyRow<uint4>(to, from, rowBytes);
    } else if (low % 4 == 0) {
        copyRow<unsigned>(to, from, rowBytes);
    } else if (low % 2 == 0) {
        copyRow<unsigned short>(to, from, rowBytes);
    } else {
        copyRow<char>(to, from, rowBytes);
    }
}
