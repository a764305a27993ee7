// The float matrix product behind the stand-ins. Short stretches are summed on their own before they join the total, which
// keeps the rounding error small; an element's value does not depend on the size of the rest of the matrix.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

// A second copy of the hot loops with fused multiply-add, chosen when the library is loaded; other machines get the plain one.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define LIMBIC_SIM_FAST __attribute__((target_clones("fma", "default"), noinline))
#else
#define LIMBIC_SIM_FAST
#endif

namespace limbicsim {

// Held in registers only; memory is read and written with memcpy, which asks for no alignment.
typedef float Lanes __attribute__((vector_size(32)));

// A float matrix whose element (row, column) is data[row * rowStep + column * columnStep].
struct Matrix {
  const float* data;
  size_t rowStep;
  size_t columnStep;
  float at(size_t row, size_t column) const { return data[row * rowStep + column * columnStep]; }
};

constexpr int TILE_ROWS = 16;
constexpr int TILE_COLUMNS = 4;
constexpr int BLOCK_DEPTH = 128;
constexpr int SUMMED_DEPTH = 32;

// tile[4][16] = a[depth][16] x b[depth][4]
[[maybe_unused]] LIMBIC_SIM_FAST static void multiplyTile(const float* a, const float* b, int depth, float* tile) {
  Lanes total[TILE_COLUMNS][2] = {};
  for (int from = 0; from < depth; from += SUMMED_DEPTH) {
    Lanes sum[TILE_COLUMNS][2] = {};
    int to = from + SUMMED_DEPTH < depth ? from + SUMMED_DEPTH : depth;
    for (int p = from; p < to; p++) {
      Lanes left[2];
      std::memcpy(left, a + TILE_ROWS * p, sizeof left);
      for (int j = 0; j < TILE_COLUMNS; j++) {
        sum[j][0] += left[0] * b[TILE_COLUMNS * p + j];
        sum[j][1] += left[1] * b[TILE_COLUMNS * p + j];
      }
    }
    for (int j = 0; j < TILE_COLUMNS; j++) {
      total[j][0] += sum[j][0];
      total[j][1] += sum[j][1];
    }
  }
  std::memcpy(tile, total, sizeof total);
}

[[maybe_unused]] LIMBIC_SIM_FAST static float dot(const float* a, const float* b, int count) {
  constexpr int WIDTH = 32;
  Lanes sum[4] = {};
  int i = 0;
  for (; i + WIDTH <= count; i += WIDTH) {
    Lanes left[4], right[4];
    std::memcpy(left, a + i, sizeof left);
    std::memcpy(right, b + i, sizeof right);
    for (int j = 0; j < 4; j++) sum[j] += left[j] * right[j];
  }
  Lanes lanes = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  float total = 0;
  for (int lane = 0; lane < 8; lane++) total += lanes[lane];
  for (; i < count; i++) total += a[i] * b[i];
  return total;
}

// Panels of `width` rows of a block of columns, [panel][depth][width], rows past the end zero.
inline void pack(const Matrix& m, size_t rows, size_t firstColumn, int depth, int width, float* out) {
  for (size_t first = 0; first < rows; first += size_t(width), out += size_t(width) * size_t(depth)) {
    int live = int(std::min<size_t>(size_t(width), rows - first));
    for (int p = 0; p < depth; p++) {
      for (int i = 0; i < width; i++) out[p * width + i] = i < live ? m.at(first + size_t(i), firstColumn + size_t(p)) : 0.0f;
    }
  }
}

// out[i + j * m] = sum over p of a(i, p) * b(p, j); a is m x k, b is k x n, out is column-major without gaps.
inline void multiply(size_t m, size_t n, size_t k, const Matrix& a, const Matrix& b, std::vector<float>& out) {
  out.assign(m * n, 0.0f);
  size_t panels = (m + TILE_ROWS - 1) / TILE_ROWS, groups = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  std::vector<float> left(panels * BLOCK_DEPTH * TILE_ROWS);
  std::vector<float> right(groups * BLOCK_DEPTH * TILE_COLUMNS);
  Matrix bByColumn{b.data, b.columnStep, b.rowStep};
  for (size_t from = 0; from < k; from += BLOCK_DEPTH) {
    int depth = int(std::min<size_t>(BLOCK_DEPTH, k - from));
    pack(a, m, from, depth, TILE_ROWS, left.data());
    pack(bByColumn, n, from, depth, TILE_COLUMNS, right.data());
    for (size_t group = 0; group < groups; group++) {
      size_t columns = std::min<size_t>(TILE_COLUMNS, n - group * TILE_COLUMNS);
      for (size_t panel = 0; panel < panels; panel++) {
        float tile[TILE_COLUMNS * TILE_ROWS];
        multiplyTile(&left[panel * size_t(depth) * TILE_ROWS], &right[group * size_t(depth) * TILE_COLUMNS], depth, tile);
        size_t rows = std::min<size_t>(TILE_ROWS, m - panel * TILE_ROWS);
        for (size_t j = 0; j < columns; j++) {
          const float* sums = &tile[TILE_ROWS * j];
          float* column = &out[(group * TILE_COLUMNS + j) * m + panel * TILE_ROWS];
          for (size_t i = 0; i < rows; i++) column[i] += sums[i];
        }
      }
    }
  }
}

}  // namespace limbicsim
