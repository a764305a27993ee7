// Copies of chosen rows.
#include "common.cuh"

template <typename Unit>
__device__ __forceinline__ void copyRow(char* to, const char* from, int bytes) {
    for (int at = laneIndex() * static_cast<int>(sizeof(Unit)); at < bytes; at += WARP * static_cast<int>(sizeof(Unit))) {
        *reinterpret_cast<Unit*>(to + at) = *reinterpret_cast<const Unit*>(from + at);
    }
}

/** One row of rowBytes bytes, in the widest units that the addresses of both tensors allow. */
__device__ __forceinline__ void moveRow(
        char* out, const char* x, long long to, long long from, int rowBytes) {
    const unsigned long long low =
            reinterpret_cast<unsigned long long>(out) | reinterpret_cast<unsigned long long>(x) | static_cast<unsigned>(rowBytes);
    out += to * rowBytes;
    x += from * rowBytes;
    if (low % 16 == 0) {
        copyRow<uint4>(out, x, rowBytes);
    } else if (low % 4 == 0) {
        copyRow<unsigned>(out, x, rowBytes);
    } else if (low % 2 == 0) {
        copyRow<unsigned short>(out, x, rowBytes);
    } else {
        copyRow<char>(out, x, rowBytes);
    }
}

// gather_rows: out[r] = x[rows[r]]. scatter_rows: out[rows[r]] = x[r], but for negative rows; no row is given twice.
// Both for count rows of rowBytes bytes, of any type and size.
// Grid ceil(count / WARPS), block ROW_BLOCK, dynamic shared memory 0: a warp per row.
extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
        gather_rows(char* out, const char* x, const int* rows, int count, int rowBytes) {
    const int row = warpRow();
    if (row < count) {
        moveRow(out, x, row, rows[row], rowBytes);
    }
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
        scatter_rows(char* out, const char* x, const int* rows, int count, int rowBytes) {
    const int row = warpRow();
    if (row < count && rows[row] >= 0) {
        moveRow(out, x, rows[row], row, rowBytes);
    }
}
