// What the files of the cuDNN stand-in share: status codes and enumerations as cuDNN 9 numbers them, handle and descriptors.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "exported.h"
#include "live.h"

namespace limbicsim {

enum CudnnStatus : int {
  CUDNN_SUCCESS = 0,
  CUDNN_NOT_INITIALIZED = 1001,
  CUDNN_BAD_PARAM = 2000,
  CUDNN_NOT_SUPPORTED = 3000,
  CUDNN_INTERNAL_ERROR = 4000,
  CUDNN_EXECUTION_FAILED = 5000,
};

enum CudnnDataType : int { CUDNN_FLOAT = 0, CUDNN_DOUBLE = 1, CUDNN_HALF = 2, CUDNN_BFLOAT16 = 9 };

enum CudnnMathType : int { MATH_DEFAULT = 0, MATH_TENSOR_OP = 1, MATH_ALLOW_CONVERSION = 2, MATH_FMA = 3 };

enum CudnnRnnMode : int { RNN_RELU = 0, RNN_TANH = 1, RNN_LSTM = 2, RNN_GRU = 3 };

enum CudnnBiasMode : int { BIAS_NONE = 0, BIAS_INPUT = 1, BIAS_BOTH = 2, BIAS_RECURRENT = 3 };

enum CudnnRnnLayout : int { SEQUENCE_MAJOR_UNPACKED = 0, SEQUENCE_MAJOR_PACKED = 1, BATCH_MAJOR_UNPACKED = 2 };

constexpr int CUDNN_DIMENSIONS = 8;

// Bytes of an element, 0 for a type that the stand-in does not know.
inline size_t cudnnBytes(int dataType) {
  switch (dataType) {
    case CUDNN_FLOAT: case 4: return 4;          // float, int32
    case CUDNN_DOUBLE: case 10: return 8;        // double, int64
    case CUDNN_HALF: case CUDNN_BFLOAT16: return 2;
    case 3: case 6: case 11: return 1;           // int8, uint8, boolean
    default: return 0;
  }
}

struct CudnnHandle {
  void* stream = nullptr;
};

struct CudnnTensor {
  int dataType = CUDNN_FLOAT;
  std::vector<int> sizes;  // empty until set, and for a parameter that does not exist
  std::vector<int> strides;

  // Whether it describes these sizes without gaps; more dimensions may follow if they are 1.
  bool isPacked(int type, std::vector<int> expected) const {
    if (dataType != type || sizes.size() < expected.size()) return false;
    expected.resize(sizes.size(), 1);
    int64_t stride = 1;
    for (size_t d = sizes.size(); d-- > 0; stride *= sizes[d]) {
      if (sizes[d] != expected[d] || (sizes[d] != 1 && strides[d] != stride)) return false;
    }
    return true;
  }

  void pack(int type, std::vector<int> shape) {
    dataType = type;
    sizes = shape;
    strides.assign(shape.size(), 1);
    for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  }
};

struct CudnnDropout {
  bool set = false;
  float probability = 0;
};

struct CudnnRnn {
  bool set = false;
  int mode, biasMode, directions, dataType, mathType;
  int inputSize, hiddenSize, layers;
  bool paddedData;
  float dropout;
};

struct CudnnRnnData {
  bool set = false;
  int dataType, layout, longest, vectorSize;
  std::vector<int> lengths;
  bool fills;
  double fill;  // for the positions past the end of a sequence
};

// The version that the library says it is.
SIM_EXPORT size_t cudnnGetVersion();

// From here on cuDNN has recurrent networks of bfloat16.
constexpr size_t FIRST_WITH_BFLOAT16_RNN = 91300;

// Remembers the reason for cudnnGetLastErrorString.
int cudnnFail(int status, const char* function, const char* reason);

inline int cudnnBad(const char* function, const char* reason) { return cudnnFail(CUDNN_BAD_PARAM, function, reason); }

template <class T>
int cudnnMake(const char* function, T** descriptor) {
  if (descriptor == nullptr) return cudnnBad(function, "the result's address is null");
  *descriptor = Live<T>::make();
  return CUDNN_SUCCESS;
}

// Null is nothing to destroy.
template <class T>
int cudnnEnd(const char* function, T* descriptor) {
  if (descriptor == nullptr || Live<T>::end(descriptor)) return CUDNN_SUCCESS;
  return cudnnBad(function, "no such descriptor is alive");
}

}  // namespace limbicsim
