// Stand-in for libcudnn.so.9: descriptors of tensors and of dropout.
#include <climits>

#include "cudnn_types.h"

using namespace limbicsim;

namespace {

constexpr int FEWEST_DIMENSIONS = 3;
constexpr size_t RANDOM_STATES_BYTES = 1 << 20;

bool live(const CudnnTensor* tensor) { return Live<CudnnTensor>::has(tensor); }

// cuDNN's order of memory: channels before or after the other dimensions.
enum Format : int { NCHW = 0, NHWC = 1 };

int set(const char* function, CudnnTensor* tensor, int dataType, int count, const int* sizes, const int* strides) {
  if (!live(tensor)) return cudnnBad(function, "no such tensor descriptor is alive");
  if (cudnnBytes(dataType) == 0) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "a type that the simulator does not know");
  if (count < FEWEST_DIMENSIONS || count > CUDNN_DIMENSIONS) {
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "3 to 8 dimensions");
  }
  if (sizes == nullptr || strides == nullptr) return cudnnBad(function, "sizes or strides are null");
  int64_t elements = 1;
  for (int d = 0; d < count; d++) {
    if (sizes[d] <= 0 || strides[d] <= 0) return cudnnBad(function, "sizes and strides must be positive");
    elements += int64_t(sizes[d] - 1) * strides[d];
    if (elements > INT_MAX) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "more than 2^31 - 1 elements");
  }
  tensor->dataType = dataType;
  tensor->sizes.assign(sizes, sizes + count);
  tensor->strides.assign(strides, strides + count);
  return CUDNN_SUCCESS;
}

}  // namespace

SIM_EXPORT int cudnnCreateTensorDescriptor(CudnnTensor** tensor) { return cudnnMake("cudnnCreateTensorDescriptor", tensor); }

SIM_EXPORT int cudnnDestroyTensorDescriptor(CudnnTensor* tensor) { return cudnnEnd("cudnnDestroyTensorDescriptor", tensor); }

SIM_EXPORT int cudnnSetTensorNdDescriptor(CudnnTensor* tensor, int dataType, int count, const int* sizes, const int* strides) {
  return set("cudnnSetTensorNdDescriptor", tensor, dataType, count, sizes, strides);
}

SIM_EXPORT int cudnnSetTensor4dDescriptorEx(CudnnTensor* tensor, int dataType, int n, int c, int h, int w, int nStride,
                                            int cStride, int hStride, int wStride) {
  int sizes[] = {n, c, h, w}, strides[] = {nStride, cStride, hStride, wStride};
  return set("cudnnSetTensor4dDescriptorEx", tensor, dataType, 4, sizes, strides);
}

SIM_EXPORT int cudnnSetTensor4dDescriptor(CudnnTensor* tensor, int format, int dataType, int n, int c, int h, int w) {
  const char* function = "cudnnSetTensor4dDescriptor";
  if (format != NCHW && format != NHWC) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "neither NCHW nor NHWC");
  if (int64_t(n) * c > INT_MAX || int64_t(c) * h > INT_MAX / (w > 0 ? w : 1)) {
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "more than 2^31 - 1 elements");
  }
  int sizes[] = {n, c, h, w};
  int planes[] = {c * h * w, h * w, w, 1}, pixels[] = {h * w * c, 1, w * c, c};
  return set(function, tensor, dataType, 4, sizes, format == NCHW ? planes : pixels);
}

SIM_EXPORT int cudnnGetTensorNdDescriptor(CudnnTensor* tensor, int requested, int* dataType, int* count, int* sizes,
                                          int* strides) {
  const char* function = "cudnnGetTensorNdDescriptor";
  if (!live(tensor)) return cudnnBad(function, "no such tensor descriptor is alive");
  if (requested < 0 || requested > CUDNN_DIMENSIONS) return cudnnBad(function, "the number of dimensions asked for");
  if (dataType != nullptr) *dataType = tensor->dataType;
  if (count != nullptr) *count = int(tensor->sizes.size());
  for (int d = 0; d < requested && d < int(tensor->sizes.size()); d++) {
    if (sizes != nullptr) sizes[d] = tensor->sizes[size_t(d)];
    if (strides != nullptr) strides[d] = tensor->strides[size_t(d)];
  }
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnGetTensorSizeInBytes(CudnnTensor* tensor, size_t* bytes) {
  const char* function = "cudnnGetTensorSizeInBytes";
  if (!live(tensor)) return cudnnBad(function, "no such tensor descriptor is alive");
  if (bytes == nullptr) return cudnnBad(function, "the result's address is null");
  int64_t elements = tensor->sizes.empty() ? 0 : 1;
  for (size_t d = 0; d < tensor->sizes.size(); d++) elements += int64_t(tensor->sizes[d] - 1) * tensor->strides[d];
  *bytes = size_t(elements) * cudnnBytes(tensor->dataType);
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnCreateDropoutDescriptor(CudnnDropout** dropout) { return cudnnMake("cudnnCreateDropoutDescriptor", dropout); }

SIM_EXPORT int cudnnDestroyDropoutDescriptor(CudnnDropout* dropout) { return cudnnEnd("cudnnDestroyDropoutDescriptor", dropout); }

SIM_EXPORT int cudnnDropoutGetStatesSize(CudnnHandle* handle, size_t* bytes) {
  const char* function = "cudnnDropoutGetStatesSize";
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (bytes == nullptr) return cudnnBad(function, "the result's address is null");
  *bytes = RANDOM_STATES_BYTES;
  return CUDNN_SUCCESS;
}

// Inference draws no random numbers, so that the states are not kept.
SIM_EXPORT int cudnnSetDropoutDescriptor(CudnnDropout* dropout, CudnnHandle* handle, float probability, void* states,
                                         size_t bytes, unsigned long long /*seed*/) {
  const char* function = "cudnnSetDropoutDescriptor";
  if (!Live<CudnnDropout>::has(dropout)) return cudnnBad(function, "no such dropout descriptor is alive");
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (!(probability >= 0 && probability <= 1)) return cudnnBad(function, "the probability is not between 0 and 1");
  if (states != nullptr && bytes < RANDOM_STATES_BYTES) return cudnnBad(function, "too little memory for the states");
  dropout->set = true;
  dropout->probability = probability;
  return CUDNN_SUCCESS;
}
