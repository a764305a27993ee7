// Stand-in for libcudnn.so.9: the handle, versions and messages.
#include <atomic>
#include <cstdio>
#include <string>

#include "cudnn_conv.h"

using namespace limbicsim;

namespace {

constexpr size_t CUDART_VERSION = 12060;

std::atomic<size_t> version{90501};

thread_local std::string lastError;

}  // namespace

int limbicsim::cudnnFail(int status, const char* function, const char* reason) {
  lastError = std::string(function) + ": " + reason;
  return status;
}

SIM_EXPORT const char* cudnnGetErrorString(int status) {
  switch (status) {
    case CUDNN_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_UNKNOWN_STATUS";
  }
}

// The calling thread's last error; asking for it takes it away.
SIM_EXPORT void cudnnGetLastErrorString(char* message, size_t bytes) {
  if (message == nullptr || bytes == 0) return;
  std::snprintf(message, bytes, "%s", lastError.c_str());
  lastError.clear();
}

SIM_EXPORT int cudnnCreate(CudnnHandle** handle) { return cudnnMake("cudnnCreate", handle); }

SIM_EXPORT int cudnnDestroy(CudnnHandle* handle) { return cudnnEnd("cudnnDestroy", handle); }

SIM_EXPORT int cudnnSetStream(CudnnHandle* handle, void* stream) {
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad("cudnnSetStream", "no such handle is alive");
  handle->stream = stream;
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnGetStream(CudnnHandle* handle, void** stream) {
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad("cudnnGetStream", "no such handle is alive");
  if (stream == nullptr) return cudnnBad("cudnnGetStream", "the result's address is null");
  *stream = handle->stream;
  return CUDNN_SUCCESS;
}

SIM_EXPORT size_t cudnnGetVersion() { return version; }

// Lets the library be another version, which has or has not what came in between; for tests.
SIM_EXPORT void limbicSimSetCudnnVersion(size_t other) { version = other; }

SIM_EXPORT size_t cudnnGetCudartVersion() { return CUDART_VERSION; }

SIM_EXPORT int cudnnGetProperty(int property, int* value) {
  if (value == nullptr) return cudnnBad("cudnnGetProperty", "the result's address is null");
  switch (property) {
    case 0: *value = int(version / 10000); return CUDNN_SUCCESS;
    case 1: *value = int(version / 100 % 100); return CUDNN_SUCCESS;
    case 2: *value = int(version % 100); return CUDNN_SUCCESS;
    default: return cudnnBad("cudnnGetProperty", "unknown property");
  }
}

// The parts of cuDNN are one library here.
SIM_EXPORT int cudnnGraphVersionCheck() { return CUDNN_SUCCESS; }
SIM_EXPORT int cudnnOpsVersionCheck() { return CUDNN_SUCCESS; }
SIM_EXPORT int cudnnCnnVersionCheck() { return CUDNN_SUCCESS; }
SIM_EXPORT int cudnnAdvVersionCheck() { return CUDNN_SUCCESS; }

// Handles and descriptors that are open; for tests.
SIM_EXPORT int limbicSimCudnnLive() {
  return Live<CudnnHandle>::count() + Live<CudnnTensor>::count() + Live<CudnnDropout>::count() + Live<CudnnRnn>::count() +
         Live<CudnnRnnData>::count() + Live<CudnnFilter>::count() + Live<CudnnConvolution>::count();
}
