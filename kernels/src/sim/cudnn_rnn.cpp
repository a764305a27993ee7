// Stand-in for libcudnn.so.9: descriptors of recurrent networks and their data, and where the parameters lie.
#include <cstring>

#include "cudnn_rnn_shape.h"
#include "cudnn_types.h"
#include "numbers.h"

using namespace limbicsim;

namespace {

constexpr int PERSISTENT_ALGORITHMS = 3;

bool between(int value, int least, int most) { return value >= least && value <= most; }

// The padding's symbol has the data's type.
double fillOf(int dataType, const void* fill) {
  if (dataType == CUDNN_FLOAT) return load(Type::f32, fill, 0);
  if (dataType == CUDNN_HALF) return load(Type::f16, fill, 0);
  if (dataType == CUDNN_BFLOAT16) return load(Type::bf16, fill, 0);
  double value;
  std::memcpy(&value, fill, sizeof value);
  return value;
}

}  // namespace

SIM_EXPORT int cudnnCreateRNNDescriptor(CudnnRnn** rnn) { return cudnnMake("cudnnCreateRNNDescriptor", rnn); }

SIM_EXPORT int cudnnDestroyRNNDescriptor(CudnnRnn* rnn) { return cudnnEnd("cudnnDestroyRNNDescriptor", rnn); }

SIM_EXPORT int cudnnCreateRNNDataDescriptor(CudnnRnnData** data) { return cudnnMake("cudnnCreateRNNDataDescriptor", data); }

SIM_EXPORT int cudnnDestroyRNNDataDescriptor(CudnnRnnData* data) { return cudnnEnd("cudnnDestroyRNNDataDescriptor", data); }

SIM_EXPORT int cudnnSetRNNDescriptor_v8(CudnnRnn* rnn, int algorithm, int mode, int biasMode, int direction, int inputMode,
                                        int dataType, int mathPrecision, int mathType, int inputSize, int hiddenSize,
                                        int projectionSize, int layers, CudnnDropout* dropout, uint32_t flags) {
  const char* function = "cudnnSetRNNDescriptor_v8";
  auto refuse = [&](const char* reason) { return cudnnFail(CUDNN_NOT_SUPPORTED, function, reason); };
  if (!Live<CudnnRnn>::has(rnn)) return cudnnBad(function, "no such RNN descriptor is alive");
  if (!between(algorithm, 0, PERSISTENT_ALGORITHMS) || !between(mode, RNN_RELU, RNN_GRU) ||
      !between(biasMode, BIAS_NONE, BIAS_RECURRENT) || !between(direction, 0, 1) || !between(inputMode, 0, 1) ||
      !between(mathType, MATH_DEFAULT, MATH_FMA) || flags > 1) {
    return cudnnBad(function, "an enumeration has a value that does not exist");
  }
  if (inputSize <= 0 || hiddenSize <= 0 || layers <= 0) return cudnnBad(function, "sizes and layers must be positive");
  if (!between(projectionSize, 1, hiddenSize)) return cudnnBad(function, "the projection is wider than the hidden state");
  if (projectionSize != hiddenSize && mode != RNN_LSTM) return cudnnBad(function, "only an LSTM can have a projection");
  if (inputMode == 1 && inputSize != hiddenSize) return cudnnBad(function, "to skip the input its size must be the hidden one's");
  if (dropout != nullptr && (!Live<CudnnDropout>::has(dropout) || !dropout->set)) {
    return cudnnBad(function, "the dropout descriptor is not alive or was never set");
  }
  if (dataType == CUDNN_FLOAT && mathPrecision != CUDNN_FLOAT) return cudnnBad(function, "float data are computed in float");
  if (dataType == CUDNN_BFLOAT16 && cudnnGetVersion() < FIRST_WITH_BFLOAT16_RNN) return refuse("no bfloat16 before cuDNN 9.13");
  if ((dataType != CUDNN_FLOAT && dataType != CUDNN_HALF && dataType != CUDNN_BFLOAT16) || mathPrecision != CUDNN_FLOAT) {
    return refuse("the simulator has float, half and bfloat16 data, computed in float");
  }
  if (algorithm != 0) return refuse("the simulator has the standard algorithm only");
  if (projectionSize != hiddenSize) return refuse("the simulator has no projection");
  if (inputMode == 1) return refuse("the simulator does not skip the input");
  *rnn = {true,       mode,   biasMode,   direction + 1, dataType, mathType, inputSize,
          hiddenSize, layers, flags == 1, dropout == nullptr ? 0 : dropout->probability};
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnSetRNNDataDescriptor(CudnnRnnData* data, int dataType, int layout, int longest, int batch, int vectorSize,
                                         const int* lengths, void* fill) {
  const char* function = "cudnnSetRNNDataDescriptor";
  if (!Live<CudnnRnnData>::has(data)) return cudnnBad(function, "no such RNN data descriptor is alive");
  if (!between(layout, SEQUENCE_MAJOR_UNPACKED, BATCH_MAJOR_UNPACKED)) return cudnnBad(function, "unknown layout");
  if (longest <= 0 || batch <= 0 || vectorSize <= 0) return cudnnBad(function, "sizes must be positive");
  if (lengths == nullptr) return cudnnBad(function, "the lengths are null");
  bool bfloat16 = dataType == CUDNN_BFLOAT16 && cudnnGetVersion() >= FIRST_WITH_BFLOAT16_RNN;
  if (dataType != CUDNN_FLOAT && dataType != CUDNN_HALF && dataType != CUDNN_DOUBLE && !bfloat16) {
    return cudnnFail(CUDNN_NOT_SUPPORTED, function, "float, half, double, and bfloat16 from cuDNN 9.13 on");
  }
  for (int b = 0; b < batch; b++) {
    if (!between(lengths[b], 0, longest)) return cudnnBad(function, "a length is negative or above the longest");
    if (layout == SEQUENCE_MAJOR_PACKED && b > 0 && lengths[b] > lengths[b - 1]) {
      return cudnnBad(function, "packed sequences must come longest first");
    }
  }
  *data = {true, dataType, layout, longest, vectorSize, {lengths, lengths + batch}, fill != nullptr,
           fill == nullptr ? 0 : fillOf(dataType, fill)};
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnGetRNNWeightSpaceSize(CudnnHandle* handle, CudnnRnn* rnn, size_t* bytes) {
  const char* function = "cudnnGetRNNWeightSpaceSize";
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (!Live<CudnnRnn>::has(rnn) || !rnn->set) return cudnnBad(function, "the RNN descriptor is not alive or was never set");
  if (bytes == nullptr) return cudnnBad(function, "the result's address is null");
  *bytes = RnnShape(*rnn).bytes();
  return CUDNN_SUCCESS;
}

// Addresses are only computed, the weight space is not touched.
SIM_EXPORT int cudnnGetRNNWeightParams(CudnnHandle* handle, CudnnRnn* rnn, int pseudoLayer, size_t weightBytes,
                                       const void* weights, int linear, CudnnTensor* matrix, void** matrixAddress,
                                       CudnnTensor* bias, void** biasAddress) {
  const char* function = "cudnnGetRNNWeightParams";
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (!Live<CudnnRnn>::has(rnn) || !rnn->set) return cudnnBad(function, "the RNN descriptor is not alive or was never set");
  if (!Live<CudnnTensor>::has(matrix) || !Live<CudnnTensor>::has(bias)) {
    return cudnnBad(function, "a tensor descriptor is not alive");
  }
  if (matrixAddress == nullptr || biasAddress == nullptr) return cudnnBad(function, "a result's address is null");
  if (weights == nullptr) return cudnnBad(function, "the weight space is null");
  RnnShape shape(*rnn);
  if (!between(pseudoLayer, 0, shape.pseudoLayers - 1)) return cudnnBad(function, "no such pseudo-layer");
  if (!between(linear, 0, 2 * shape.gates - 1)) return cudnnBad(function, "no such linear layer in a cell of this kind");
  if (weightBytes < shape.bytes()) return cudnnBad(function, "the weight space is too small");
  const RnnParameter& parameter = shape.at(pseudoLayer, linear);
  char* base = static_cast<char*>(const_cast<void*>(weights));
  matrix->pack(rnn->dataType, {1, shape.hidden, parameter.width});
  *matrixAddress = base + parameter.matrix;
  bias->pack(rnn->dataType, parameter.biased ? std::vector<int>{1, shape.hidden, 1} : std::vector<int>{});
  *biasAddress = parameter.biased ? base + parameter.bias : nullptr;
  return CUDNN_SUCCESS;
}
