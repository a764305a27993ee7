// Stand-in for libcudnn.so.9: convolutions of pictures whose channels come last, and their gradients by the input.
// What cuDNN's table of supported algorithms does not list for filters of that format is refused.
#include <algorithm>
#include <string>

#include "cudnn_conv.h"
#include "extent.h"
#include "numbers.h"

using namespace limbicsim;

namespace {

constexpr int CROSS_CORRELATION = 1;
constexpr int NHWC = 1;
constexpr int ALGORITHMS = 2;  // algorithms that the stand-in knows of each kind

// So few pixels do not fill a chip: cuDNN shares out their sums, and on a Hopper chip keeps the parts of long ones in the
// result's type. So a picture alone is not to the last bit what it is among others.
constexpr int FEW_PIXELS = 256;
constexpr size_t LONG_SUM = 1024;

// Forward: implicit GEMM and its precomputed form. Backward: 0 adds atomically in any order, 1 does not.
enum Algorithm : int { FIRST = 0, SECOND = 1 };

Type typeOf(int dataType) {
  return dataType == CUDNN_FLOAT ? Type::f32 : dataType == CUDNN_HALF ? Type::f16 : Type::bf16;
}

bool isNhwc(const CudnnTensor& t) {
  if (t.sizes.size() != 4) return false;
  int c = t.sizes[1], h = t.sizes[2], w = t.sizes[3];
  return t.strides[1] == 1 && t.strides[3] == c && t.strides[2] == w * c && t.strides[0] == h * w * c;
}

struct Convolution {
  const char* function;
  CudnnFilter filter;
  CudnnConvolution geometry;
  CudnnTensor large, small;
  bool backward;
  const char *x, *weights;
  char* y;
  float alpha, beta;
  void* workspace;
  size_t workspaceBytes;

  size_t elements(const CudnnTensor& t) const {
    return size_t(t.sizes[0]) * size_t(t.sizes[1]) * size_t(t.sizes[2]) * size_t(t.sizes[3]);
  }

  void run() const {
    Type type = typeOf(filter.dataType);
    size_t bytes = bytesOf(type);
    const CudnnTensor& input = backward ? small : large;
    const CudnnTensor& output = backward ? large : small;
    size_t perFilter = size_t(filter.channels) * size_t(filter.height) * size_t(filter.width);
    if (!usable(function, backward ? "dy" : "x", x, elements(input) * bytes, bytes) ||
        !usable(function, "w", weights, size_t(filter.filters) * perFilter * bytes, bytes) ||
        !usable(function, backward ? "dx" : "y", y, elements(output) * bytes, bytes) ||
        !usable(function, "workSpace", workspace, workspaceBytes, 1)) {
      return;
    }
    scribble(workspace, workspaceBytes);
    std::vector<float> in(elements(input)), w(size_t(filter.filters) * perFilter), out(elements(output), 0.0f);
    bool tf32 = filter.dataType == CUDNN_FLOAT && geometry.mathType != MATH_FMA;
    Operand operand = tf32 ? Operand::tf32 : Operand::full;
    for (size_t i = 0; i < in.size(); i++) in[i] = seenAs(operand, load(type, x, i));
    for (size_t i = 0; i < w.size(); i++) w[i] = seenAs(operand, load(type, weights, i));
    int half = filter.channels / 2;
    int pixels = small.sizes[0] * small.sizes[2] * small.sizes[3];
    bool split = !backward && pixels < FEW_PIXELS && half > 0;
    each(in, w, out, 0, split ? half : filter.channels);
    if (split) {
      std::vector<float> rest(out.size(), 0.0f);
      each(in, w, rest, half, filter.channels);
      Type kept = perFilter > LONG_SUM ? type : Type::f32;
      for (size_t i = 0; i < out.size(); i++) out[i] = rounded(kept, out[i]) + rounded(kept, rest[i]);
    }
    for (size_t i = 0; i < out.size(); i++) {
      float value = alpha * out[i];
      if (beta != 0) value += beta * load(type, y, i);
      store(type, y, i, value);
    }
  }

 private:
  // Every product of a pixel of the large pictures with a weight, added to the small pictures' pixel; or the way back. Of
  // the channels of each group, first to end.
  void each(const std::vector<float>& in, const std::vector<float>& w, std::vector<float>& out, int firstChannel, int end) const {
    int inChannels = large.sizes[1], outChannels = small.sizes[1], perGroup = outChannels / geometry.groups;
    for (int n = 0; n < small.sizes[0]; n++)
      for (int line = 0; line < small.sizes[2]; line++)
        for (int column = 0; column < small.sizes[3]; column++) {
          size_t pixel = ((size_t(n) * size_t(small.sizes[2]) + size_t(line)) * size_t(small.sizes[3]) + size_t(column)) *
                         size_t(outChannels);
          for (int r = 0; r < filter.height; r++)
            for (int s = 0; s < filter.width; s++) {
              int row = line * geometry.stride[0] + r * geometry.dilation[0] - geometry.padding[0];
              int place = column * geometry.stride[1] + s * geometry.dilation[1] - geometry.padding[1];
              if (row < 0 || row >= large.sizes[2] || place < 0 || place >= large.sizes[3]) continue;
              size_t other = ((size_t(n) * size_t(large.sizes[2]) + size_t(row)) * size_t(large.sizes[3]) + size_t(place)) *
                             size_t(inChannels);
              for (int k = 0; k < outChannels; k++) {
                size_t first = other + size_t(k / perGroup * filter.channels);
                size_t weight = ((size_t(k) * size_t(filter.height) + size_t(r)) * size_t(filter.width) + size_t(s)) *
                                size_t(filter.channels);
                if (backward) {
                  for (int c = firstChannel; c < end; c++) out[first + size_t(c)] += in[pixel + size_t(k)] * w[weight + size_t(c)];
                } else {
                  float sum = 0;
                  for (int c = firstChannel; c < end; c++) sum += in[first + size_t(c)] * w[weight + size_t(c)];
                  out[pixel + size_t(k)] += sum;
                }
              }
            }
        }
  }
};

int outputSize(const CudnnConvolution& c, int d, int size, int window) {
  return (size + 2 * c.padding[d] - ((window - 1) * c.dilation[d] + 1)) / c.stride[d] + 1;
}

// What is wrong with a convolution of these, or success.
int check(const char* function, CudnnHandle* handle, const CudnnTensor* large, const CudnnFilter* filter,
          const CudnnConvolution* c, const CudnnTensor* small) {
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (!Live<CudnnTensor>::has(large) || !Live<CudnnTensor>::has(small) || large->sizes.empty() || small->sizes.empty())
    return cudnnBad(function, "a tensor descriptor is not alive or was never set");
  if (!Live<CudnnFilter>::has(filter) || !filter->set) return cudnnBad(function, "wDesc is not alive or was never set");
  if (!Live<CudnnConvolution>::has(c) || !c->set) return cudnnBad(function, "convDesc is not alive or was never set");
  if (large->sizes.size() != 4 || small->sizes.size() != 4)
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "the simulator has pictures only");
  if (large->dataType != filter->dataType || small->dataType != filter->dataType)
    return cudnnBad(function, "x, w and y are not of one type");
  if (large->sizes[0] != small->sizes[0]) return cudnnBad(function, "x and y have different numbers of pictures");
  if (large->sizes[1] != filter->channels * c->groups) return cudnnBad(function, "x has not the channels of the filter");
  if (small->sizes[1] != filter->filters || filter->filters % c->groups != 0)
    return cudnnBad(function, "y has not as many channels as there are filters, or groups do not divide them");
  int windows[] = {filter->height, filter->width};
  for (int d = 0; d < 2; d++) {
    if (large->sizes[size_t(d + 2)] + 2 * c->padding[d] < (windows[d] - 1) * c->dilation[d] + 1)
      return cudnnBad(function, "the filter is larger than the padded picture");
    if (outputSize(*c, d, large->sizes[size_t(d + 2)], windows[d]) != small->sizes[size_t(d + 2)])
      return cudnnBad(function, "y is not of the size that the convolution gives");
  }
  if (filter->format != NHWC) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "the simulator has channels last only");
  if (!isNhwc(*large) || !isNhwc(*small))
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "filters NHWC need x and y NHWC without gaps");
  int type = filter->dataType;
  if (type != CUDNN_FLOAT && type != CUDNN_HALF && type != CUDNN_BFLOAT16)
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "neither float, half nor bfloat16");
  if (c->dataType != CUDNN_FLOAT) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "the simulator adds up in float only");
  if (type == CUDNN_BFLOAT16 && limbicSimChip() < 80)
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "bfloat16 needs a chip of compute capability 8.0 or newer");
  if (c->mode != CROSS_CORRELATION) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "the simulator does not flip filters");
  return CUDNN_SUCCESS;
}

// The precomputed form keeps the offsets of a filter's elements.
size_t workspaceOf(const CudnnFilter& filter, int algorithm) {
  return algorithm == SECOND ? size_t(filter.channels) * size_t(filter.height) * size_t(filter.width) * sizeof(int) : 0;
}

int algorithms(const char* function, CudnnHandle* handle, const CudnnTensor* large, const CudnnFilter* filter,
               const CudnnConvolution* c, const CudnnTensor* small, bool backward, int requested, int* returned,
               CudnnAlgorithmPerformance* results) {
  if (int wrong = check(function, handle, large, filter, c, small)) return wrong;
  if (requested < 1 || returned == nullptr || results == nullptr) return cudnnBad(function, "no room for a result");
  *returned = std::min(requested, ALGORITHMS);
  // The quicker one first; going back, that is the one whose sums have no order.
  int order[] = {backward ? FIRST : SECOND, backward ? SECOND : FIRST};
  for (int i = 0; i < *returned; i++) {
    results[i] = {};
    results[i].algorithm = order[i];
    results[i].time = -1;
    results[i].memory = workspaceOf(*filter, order[i]);
    results[i].determinism = backward && order[i] == FIRST ? 0 : 1;
    results[i].mathType = c->mathType;
  }
  return CUDNN_SUCCESS;
}

int convolve(const char* function, CudnnHandle* handle, const void* alpha, const CudnnTensor* large, const void* x,
             const CudnnFilter* filter, const void* w, const CudnnConvolution* c, int algorithm, void* workspace,
             size_t bytes, const void* beta, const CudnnTensor* small, void* y, bool backward) {
  if (int wrong = check(function, handle, large, filter, c, small)) return wrong;
  if (alpha == nullptr || beta == nullptr || x == nullptr || w == nullptr || y == nullptr)
    return cudnnBad(function, "an argument is null");
  if (limbicSimOwns(alpha, sizeof(float)) || limbicSimOwns(beta, sizeof(float)))
    return cudnnBad(function, "alpha and beta are read on the host");
  if (algorithm != FIRST && algorithm != SECOND)
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "this algorithm has no pictures whose channels come last");
  size_t needed = workspaceOf(*filter, algorithm);
  if (bytes < needed || (needed != 0 && workspace == nullptr)) return cudnnBad(function, "too little workspace");
  Convolution work{function,   *filter, *c, *large, *small, backward, static_cast<const char*>(x), static_cast<const char*>(w),
                   static_cast<char*>(y), *static_cast<const float*>(alpha), *static_cast<const float*>(beta), workspace,
                   needed};
  return enqueue(handle->stream, work) == 0 ? CUDNN_SUCCESS : CUDNN_EXECUTION_FAILED;
}

}  // namespace

SIM_EXPORT int cudnnCreateFilterDescriptor(CudnnFilter** filter) { return cudnnMake("cudnnCreateFilterDescriptor", filter); }

SIM_EXPORT int cudnnDestroyFilterDescriptor(CudnnFilter* filter) { return cudnnEnd("cudnnDestroyFilterDescriptor", filter); }

SIM_EXPORT int cudnnSetFilter4dDescriptor(CudnnFilter* filter, int dataType, int format, int k, int c, int h, int w) {
  const char* function = "cudnnSetFilter4dDescriptor";
  if (!Live<CudnnFilter>::has(filter)) return cudnnBad(function, "no such filter descriptor is alive");
  if (k < 1 || c < 1 || h < 1 || w < 1) return cudnnBad(function, "sizes must be positive");
  if (cudnnBytes(dataType) == 0 || format < 0 || format > 2) return cudnnBad(function, "unknown type or format");
  *filter = {true, dataType, format, k, c, h, w};
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnCreateConvolutionDescriptor(CudnnConvolution** c) {
  return cudnnMake("cudnnCreateConvolutionDescriptor", c);
}

SIM_EXPORT int cudnnDestroyConvolutionDescriptor(CudnnConvolution* c) {
  return cudnnEnd("cudnnDestroyConvolutionDescriptor", c);
}

SIM_EXPORT int cudnnSetConvolution2dDescriptor(CudnnConvolution* c, int padH, int padW, int strideH, int strideW,
                                               int dilationH, int dilationW, int mode, int dataType) {
  const char* function = "cudnnSetConvolution2dDescriptor";
  if (!Live<CudnnConvolution>::has(c)) return cudnnBad(function, "no such convolution descriptor is alive");
  if (padH < 0 || padW < 0) return cudnnBad(function, "negative padding");
  if (strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1) return cudnnBad(function, "strides and dilations must be positive");
  if (mode != 0 && mode != CROSS_CORRELATION) return cudnnBad(function, "unknown mode");
  if (cudnnBytes(dataType) == 0) return cudnnBad(function, "unknown type");
  *c = {true, {padH, padW}, {strideH, strideW}, {dilationH, dilationW}, mode, dataType, c->mathType, c->groups};
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnSetConvolutionGroupCount(CudnnConvolution* c, int groups) {
  const char* function = "cudnnSetConvolutionGroupCount";
  if (!Live<CudnnConvolution>::has(c)) return cudnnBad(function, "no such convolution descriptor is alive");
  if (groups < 1) return cudnnBad(function, "at least one group");
  c->groups = groups;
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnSetConvolutionMathType(CudnnConvolution* c, int mathType) {
  const char* function = "cudnnSetConvolutionMathType";
  if (!Live<CudnnConvolution>::has(c)) return cudnnBad(function, "no such convolution descriptor is alive");
  if (mathType < MATH_DEFAULT || mathType > MATH_FMA) return cudnnBad(function, "unknown math type");
  c->mathType = mathType;
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnGetConvolutionForwardAlgorithm_v7(CudnnHandle* handle, CudnnTensor* x, CudnnFilter* w, CudnnConvolution* c,
                                                      CudnnTensor* y, int requested, int* returned,
                                                      CudnnAlgorithmPerformance* results) {
  return algorithms("cudnnGetConvolutionForwardAlgorithm_v7", handle, x, w, c, y, false, requested, returned, results);
}

SIM_EXPORT int cudnnGetConvolutionBackwardDataAlgorithm_v7(CudnnHandle* handle, CudnnFilter* w, CudnnTensor* dy,
                                                           CudnnConvolution* c, CudnnTensor* dx, int requested, int* returned,
                                                           CudnnAlgorithmPerformance* results) {
  return algorithms("cudnnGetConvolutionBackwardDataAlgorithm_v7", handle, dx, w, c, dy, true, requested, returned, results);
}

SIM_EXPORT int cudnnConvolutionForward(CudnnHandle* handle, const void* alpha, CudnnTensor* xDesc, const void* x,
                                       CudnnFilter* wDesc, const void* w, CudnnConvolution* c, int algorithm, void* workspace,
                                       size_t bytes, const void* beta, CudnnTensor* yDesc, void* y) {
  return convolve("cudnnConvolutionForward", handle, alpha, xDesc, x, wDesc, w, c, algorithm, workspace, bytes, beta, yDesc, y,
                  false);
}

SIM_EXPORT int cudnnConvolutionBackwardData(CudnnHandle* handle, const void* alpha, CudnnFilter* wDesc, const void* w,
                                            CudnnTensor* dyDesc, const void* dy, CudnnConvolution* c, int algorithm,
                                            void* workspace, size_t bytes, const void* beta, CudnnTensor* dxDesc, void* dx) {
  return convolve("cudnnConvolutionBackwardData", handle, alpha, dxDesc, dy, wDesc, w, c, algorithm, workspace, bytes, beta,
                  dyDesc, dx, true);
}
