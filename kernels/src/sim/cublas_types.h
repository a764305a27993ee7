// What the files of the cuBLAS stand-in share: status codes, enumerations as cuBLAS 12 numbers them, the handle.
#pragma once
#include <cstddef>

#include "exported.h"
#include "live.h"

namespace limbicsim {

enum CublasStatus : int {
  CUBLAS_SUCCESS = 0,
  CUBLAS_NOT_INITIALIZED = 1,
  CUBLAS_INVALID_VALUE = 7,
  CUBLAS_EXECUTION_FAILED = 13,
  CUBLAS_NOT_SUPPORTED = 15,
};

enum CublasMathMode : int {
  CUBLAS_MATH_PEDANTIC = 2,
  CUBLAS_MATH_TF32 = 3,
  CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 16,
};

struct CublasHandle {
  void* stream = nullptr;
  int mathMode = 0;
  int pointerMode = 0;  // 0: alpha and beta in host memory, 1: in device memory
  void* workspace = nullptr;
  size_t workspaceBytes = 0;
};

}  // namespace limbicsim
