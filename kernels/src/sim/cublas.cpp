// Stand-in for libcublas.so.12: the handle and its settings.
#include <cstdint>

#include "cublas_types.h"

using namespace limbicsim;

namespace {

constexpr int VERSION = 120601;
constexpr size_t CUDART_VERSION = 12060;
constexpr size_t WORKSPACE_ALIGNMENT = 256;

bool live(CublasHandle* handle) { return Live<CublasHandle>::has(handle); }

}  // namespace

SIM_EXPORT int cublasCreate_v2(CublasHandle** handle) {
  if (handle == nullptr) return CUBLAS_INVALID_VALUE;
  *handle = Live<CublasHandle>::make();
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasDestroy_v2(CublasHandle* handle) {
  return Live<CublasHandle>::end(handle) ? CUBLAS_SUCCESS : CUBLAS_NOT_INITIALIZED;
}

// A new stream takes the workspace back to the library's own, as the real one does.
SIM_EXPORT int cublasSetStream_v2(CublasHandle* handle, void* stream) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  handle->stream = stream;
  handle->workspace = nullptr;
  handle->workspaceBytes = 0;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasGetStream_v2(CublasHandle* handle, void** stream) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  if (stream == nullptr) return CUBLAS_INVALID_VALUE;
  *stream = handle->stream;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasSetWorkspace_v2(CublasHandle* handle, void* workspace, size_t bytes) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  if (reinterpret_cast<uintptr_t>(workspace) % WORKSPACE_ALIGNMENT != 0) return CUBLAS_INVALID_VALUE;
  if (workspace == nullptr && bytes != 0) return CUBLAS_INVALID_VALUE;
  handle->workspace = workspace;
  handle->workspaceBytes = bytes;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasSetMathMode(CublasHandle* handle, int mode) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  int base = mode & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  if (base < 0 || base > CUBLAS_MATH_TF32) return CUBLAS_INVALID_VALUE;
  handle->mathMode = mode;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasGetMathMode(CublasHandle* handle, int* mode) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  if (mode == nullptr) return CUBLAS_INVALID_VALUE;
  *mode = handle->mathMode;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasSetPointerMode_v2(CublasHandle* handle, int mode) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  if (mode != 0 && mode != 1) return CUBLAS_INVALID_VALUE;
  handle->pointerMode = mode;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasGetPointerMode_v2(CublasHandle* handle, int* mode) {
  if (!live(handle)) return CUBLAS_NOT_INITIALIZED;
  if (mode == nullptr) return CUBLAS_INVALID_VALUE;
  *mode = handle->pointerMode;
  return CUBLAS_SUCCESS;
}

// Asks nothing of the handle: the real one answers before a device is there.
SIM_EXPORT int cublasGetVersion_v2(CublasHandle*, int* version) {
  if (version == nullptr) return CUBLAS_INVALID_VALUE;
  *version = VERSION;
  return CUBLAS_SUCCESS;
}

SIM_EXPORT int cublasGetProperty(int property, int* value) {
  if (value == nullptr) return CUBLAS_INVALID_VALUE;
  switch (property) {
    case 0: *value = VERSION / 10000; return CUBLAS_SUCCESS;
    case 1: *value = VERSION / 100 % 100; return CUBLAS_SUCCESS;
    case 2: *value = VERSION % 100; return CUBLAS_SUCCESS;
    default: return CUBLAS_INVALID_VALUE;
  }
}

SIM_EXPORT size_t cublasGetCudartVersion() { return CUDART_VERSION; }

SIM_EXPORT const char* cublasGetStatusName(int status) {
  switch (status) {
    case CUBLAS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "unknown status";
  }
}

SIM_EXPORT const char* cublasGetStatusString(int status) {
  switch (status) {
    case CUBLAS_SUCCESS: return "success";
    case CUBLAS_NOT_INITIALIZED: return "the handle is not one that cublasCreate made, or it was destroyed";
    case CUBLAS_INVALID_VALUE: return "an argument has a value that it must not have";
    case CUBLAS_EXECUTION_FAILED: return "the work could not be put on the stream";
    case CUBLAS_NOT_SUPPORTED: return "the simulator's cuBLAS does not have this function or combination of types";
    default: return "unknown status";
  }
}

// Handles that are open; for tests.
SIM_EXPORT int limbicSimCublasLive() { return Live<CublasHandle>::count(); }
