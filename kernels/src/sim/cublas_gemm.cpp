// Stand-in for libcublas.so.12: matrix products. Matrices are column-major; C = alpha * op(A) * op(B) + beta * C.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "cublas_types.h"
#include "extent.h"
#include "numbers.h"
#include "product.h"

using namespace limbicsim;

namespace {

enum ComputeType : int {
  COMPUTE_32F = 68,
  COMPUTE_32F_PEDANTIC = 69,
  COMPUTE_32F_FAST_16F = 74,
  COMPUTE_32F_FAST_16BF = 75,
  COMPUTE_32F_FAST_TF32 = 77,
};

enum CudaDataType : int { R_32F = 0, R_16F = 2, R_16BF = 14 };

constexpr int DEFAULT_ALGORITHM = -1;

bool typeOf(int cudaDataType, Type* type) {
  switch (cudaDataType) {
    case R_32F: *type = Type::f32; return true;
    case R_16F: *type = Type::f16; return true;
    case R_16BF: *type = Type::bf16; return true;
    default: return false;
  }
}

// A stored matrix of a batch: stored rows x columns, before any transposition.
struct Stored {
  const char* name;
  char* address;
  Type type;
  int64_t rows;
  int64_t columns;
  int64_t leading;
  int64_t stride;  // elements from one matrix of the batch to the next

  char* at(int item) const { return address + stride * item * int64_t(bytesOf(type)); }

  size_t spannedBytes() const {
    if (rows == 0 || columns == 0) return 0;
    return size_t((columns - 1) * leading + rows) * bytesOf(type);
  }

  bool usableIn(const char* function, int batch) const {
    for (int item = 0; item < batch; item++) {
      std::string argument = std::string(name) + "[" + std::to_string(item) + "], " + std::to_string(rows) + " x " +
                             std::to_string(columns) + " with leading dimension " + std::to_string(leading) + ",";
      if (!usable(function, argument.c_str(), at(item), spannedBytes(), bytesOf(type))) return false;
    }
    return true;
  }

  // Whether two matrices of the batch share an element. A shared element of C has no defined value.
  bool overlapsItself(int batch) const {
    for (int64_t distance = 1; distance < batch; distance++) {
      int64_t shift = std::abs(stride) * distance;
      int64_t column = shift / leading, row = shift % leading;
      if (column < columns && row < rows) return true;
      if (column + 1 < columns && row - leading > -rows) return true;
    }
    return false;
  }

  void read(int item, Operand operand, std::vector<float>& out) const {
    out.resize(size_t(rows * columns));
    const char* base = at(item);
    float* next = out.data();
    for (int64_t column = 0; column < columns; column++) {
      for (int64_t row = 0; row < rows; row++) *next++ = seenAs(operand, load(type, base, size_t(column * leading + row)));
    }
  }

  Matrix asFactor(const std::vector<float>& values, bool transposed) const {
    size_t step = size_t(rows);
    return transposed ? Matrix{values.data(), step, 1} : Matrix{values.data(), 1, step};
  }
};

struct Scalar {
  const float* device;  // read when the work runs, or null:
  float value;          // read at the call
};

struct Gemm {
  const char* function;
  bool transposeA, transposeB;
  int m, n, k, batch;
  Stored a, b, c;
  Scalar alpha, beta;
  Operand operand;
  void* workspace;
  size_t workspaceBytes;

  void run() const {
    float alphaValue, betaValue;
    if (!read(alpha, "alpha", &alphaValue) || !read(beta, "beta", &betaValue)) return;
    if (!usable(function, "the workspace", workspace, workspaceBytes, 1)) return;
    bool reads = alphaValue != 0 && k > 0;
    if (reads && (!a.usableIn(function, batch) || !b.usableIn(function, batch))) return;
    if (!c.usableIn(function, batch)) return;
    if (c.overlapsItself(batch)) {
      limbicSimFault(LAUNCH_FAILED, (std::string(function) + ": matrices of C overlap, their values would be undefined").c_str());
      return;
    }
    scribble(workspace, workspaceBytes);
    std::vector<float> left, right, sums(size_t(m) * size_t(n), 0.0f);
    for (int item = 0; item < batch; item++) {
      if (reads) {
        if (item == 0 || a.stride != 0) a.read(item, operand, left);
        if (item == 0 || b.stride != 0) b.read(item, operand, right);
        multiply(size_t(m), size_t(n), size_t(k), a.asFactor(left, transposeA), b.asFactor(right, transposeB), sums);
      }
      write(item, reads ? alphaValue : 0, betaValue, sums);
    }
  }

 private:
  bool read(const Scalar& scalar, const char* name, float* value) const {
    if (scalar.device != nullptr && !usable(function, name, scalar.device, sizeof(float), sizeof(float))) return false;
    *value = scalar.device != nullptr ? *scalar.device : scalar.value;
    return true;
  }

  void write(int item, float alphaValue, float betaValue, const std::vector<float>& sums) const {
    char* base = c.at(item);
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        size_t index = size_t(c.leading) * size_t(j) + size_t(i);
        float value = alphaValue == 0 ? 0 : alphaValue * sums[size_t(m) * size_t(j) + size_t(i)];
        // beta 0 must not read C: fresh memory may hold NaN.
        if (betaValue != 0) value += betaValue * load(c.type, base, index);
        store(c.type, base, index, value);
      }
    }
  }
};

// How the factors are seen by the multiplying units; false where cuBLAS has no such combination.
bool operandOf(int computeType, int mathMode, Type ab, Type c, Operand* operand) {
  bool allFloat = ab == Type::f32 && c == Type::f32;
  bool tf32 = (mathMode & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION) == CUBLAS_MATH_TF32;
  switch (computeType) {
    case COMPUTE_32F:
      *operand = allFloat && tf32 ? Operand::tf32 : Operand::full;
      return c == ab || c == Type::f32;
    case COMPUTE_32F_PEDANTIC: *operand = Operand::full; return c == ab || c == Type::f32;
    case COMPUTE_32F_FAST_16F: *operand = Operand::f16; return allFloat;
    case COMPUTE_32F_FAST_16BF: *operand = Operand::bf16; return allFloat;
    case COMPUTE_32F_FAST_TF32: *operand = Operand::tf32; return allFloat;
    default: return false;
  }
}

bool knownAlgorithm(int algorithm) { return (algorithm >= -1 && algorithm <= 23) || (algorithm >= 99 && algorithm <= 115); }

// In host mode the value is read now. A device address there would crash the real library's host code.
bool scalarOf(const CublasHandle* handle, const void* pointer, Scalar* scalar) {
  if (pointer == nullptr) return false;
  const float* address = static_cast<const float*>(pointer);
  if (handle->pointerMode == 1) {
    *scalar = {address, 0};
    return true;
  }
  if (limbicSimOwns(pointer, sizeof(float))) return false;
  *scalar = {nullptr, *address};
  return true;
}

struct Call {
  const char* function;
  int transA, transB, m, n, k;
  const void *alpha, *beta;
  const void* a;
  int aType, lda;
  int64_t strideA;
  const void* b;
  int bType, ldb;
  int64_t strideB;
  void* c;
  int cType, ldc;
  int64_t strideC;
  int batch, computeType, algorithm;
};

int submit(CublasHandle* handle, const Call& call) {
  if (!Live<CublasHandle>::has(handle)) return CUBLAS_NOT_INITIALIZED;
  if (call.transA < 0 || call.transA > 2 || call.transB < 0 || call.transB > 2) return CUBLAS_INVALID_VALUE;
  if (call.m < 0 || call.n < 0 || call.k < 0 || call.batch < 0) return CUBLAS_INVALID_VALUE;
  bool transposeA = call.transA != 0, transposeB = call.transB != 0;
  int aRows = transposeA ? call.k : call.m, aColumns = transposeA ? call.m : call.k;
  int bRows = transposeB ? call.n : call.k, bColumns = transposeB ? call.k : call.n;
  if (call.lda < std::max(1, aRows) || call.ldb < std::max(1, bRows)) return CUBLAS_INVALID_VALUE;
  if (call.ldc < std::max(1, call.m)) return CUBLAS_INVALID_VALUE;
  Scalar alpha, beta;
  if (!scalarOf(handle, call.alpha, &alpha) || !scalarOf(handle, call.beta, &beta)) return CUBLAS_INVALID_VALUE;
  Type aType, bType, cType;
  Operand operand;
  if (!typeOf(call.aType, &aType) || !typeOf(call.bType, &bType) || !typeOf(call.cType, &cType) || aType != bType ||
      !operandOf(call.computeType, handle->mathMode, aType, cType, &operand) || !knownAlgorithm(call.algorithm)) {
    return CUBLAS_NOT_SUPPORTED;
  }
  if (call.m == 0 || call.n == 0 || call.batch == 0) return CUBLAS_SUCCESS;
  if (call.c == nullptr) return CUBLAS_INVALID_VALUE;
  Gemm work{call.function,
            transposeA,
            transposeB,
            call.m,
            call.n,
            call.k,
            call.batch,
            {"A", static_cast<char*>(const_cast<void*>(call.a)), aType, aRows, aColumns, call.lda, call.strideA},
            {"B", static_cast<char*>(const_cast<void*>(call.b)), bType, bRows, bColumns, call.ldb, call.strideB},
            {"C", static_cast<char*>(call.c), cType, call.m, call.n, call.ldc, call.strideC},
            alpha,
            beta,
            operand,
            handle->workspace,
            handle->workspaceBytes};
  return enqueue(handle->stream, work) == 0 ? CUBLAS_SUCCESS : CUBLAS_EXECUTION_FAILED;
}

}  // namespace

// clang-format off

SIM_EXPORT int cublasGemmStridedBatchedEx(CublasHandle* handle, int transA, int transB, int m, int n, int k, const void* alpha,
                                          const void* a, int aType, int lda, long long strideA,
                                          const void* b, int bType, int ldb, long long strideB, const void* beta,
                                          void* c, int cType, int ldc, long long strideC,
                                          int batchCount, int computeType, int algorithm) {
  return submit(handle, {"cublasGemmStridedBatchedEx", transA, transB, m, n, k, alpha, beta,
                         a, aType, lda, strideA, b, bType, ldb, strideB, c, cType, ldc, strideC,
                         batchCount, computeType, algorithm});
}

SIM_EXPORT int cublasGemmEx(CublasHandle* handle, int transA, int transB, int m, int n, int k, const void* alpha,
                            const void* a, int aType, int lda, const void* b, int bType, int ldb, const void* beta,
                            void* c, int cType, int ldc, int computeType, int algorithm) {
  return submit(handle, {"cublasGemmEx", transA, transB, m, n, k, alpha, beta,
                         a, aType, lda, 0, b, bType, ldb, 0, c, cType, ldc, 0,
                         1, computeType, algorithm});
}

SIM_EXPORT int cublasSgemm_v2(CublasHandle* handle, int transA, int transB, int m, int n, int k, const float* alpha,
                              const float* a, int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
  return submit(handle, {"cublasSgemm", transA, transB, m, n, k, alpha, beta,
                         a, R_32F, lda, 0, b, R_32F, ldb, 0, c, R_32F, ldc, 0,
                         1, COMPUTE_32F, DEFAULT_ALGORITHM});
}

// clang-format on
