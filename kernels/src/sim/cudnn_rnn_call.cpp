// Stand-in for libcudnn.so.9: the calls that run recurrent networks, and their checks.
#include "cudnn_rnn_forward.h"
#include "extent.h"

using namespace limbicsim;

namespace {

constexpr int INFERENCE = 0, TRAINING = 1;

// Room for the gates of every row, as a run on a GPU needs it.
size_t workspaceBytesOf(const RnnShape& shape, const CudnnRnnData& data) {
  size_t rows = data.lengths.size() * size_t(data.longest);
  return rows * size_t(shape.gates) * size_t(shape.hidden) * size_t(shape.directions) * sizeof(float);
}

// What is wrong with the description of the input, or null.
const char* wrongInput(const CudnnRnn& rnn, const CudnnRnnData* input) {
  if (!Live<CudnnRnnData>::has(input) || !input->set) return "xDesc is not alive or was never set";
  if (input->dataType != rnn.dataType) return "xDesc's type is not the network's";
  if (input->vectorSize != rnn.inputSize) return "xDesc's vectors have not the network's input size";
  if (input->layout != SEQUENCE_MAJOR_PACKED && !rnn.paddedData) return "unpacked data need CUDNN_RNN_PADDED_IO_ENABLED";
  return nullptr;
}

const char* wrongOutput(const CudnnRnn& rnn, const CudnnRnnData& input, const CudnnRnnData* output) {
  if (!Live<CudnnRnnData>::has(output) || !output->set) return "yDesc is not alive or was never set";
  if (output->dataType != rnn.dataType) return "yDesc's type is not the network's";
  if (output->vectorSize != rnn.hiddenSize * rnn.directions) return "yDesc's vectors are not as wide as all directions' states";
  if (output->layout != input.layout || output->longest != input.longest || output->lengths != input.lengths) {
    return "xDesc and yDesc have different layouts or lengths";
  }
  return nullptr;
}

bool describesStates(const CudnnRnn& rnn, int batch, const CudnnTensor* states) {
  return Live<CudnnTensor>::has(states) && states->isPacked(rnn.dataType, {rnn.layers * rnn.directions, batch, rnn.hiddenSize});
}

}  // namespace

SIM_EXPORT int cudnnGetRNNTempSpaceSizes(CudnnHandle* handle, CudnnRnn* rnn, int mode, CudnnRnnData* input, size_t* workBytes,
                                         size_t* reserveBytes) {
  const char* function = "cudnnGetRNNTempSpaceSizes";
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (!Live<CudnnRnn>::has(rnn) || !rnn->set) return cudnnBad(function, "the RNN descriptor is not alive or was never set");
  if (mode != INFERENCE && mode != TRAINING) return cudnnBad(function, "unknown mode");
  if (mode == TRAINING) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "the simulator has inference only");
  if (const char* wrong = wrongInput(*rnn, input)) return cudnnBad(function, wrong);
  if (workBytes != nullptr) *workBytes = workspaceBytesOf(RnnShape(*rnn), *input);
  if (reserveBytes != nullptr) *reserveBytes = 0;
  return CUDNN_SUCCESS;
}

SIM_EXPORT int cudnnRNNForward(CudnnHandle* handle, CudnnRnn* rnn, int mode, const int* deviceLengths, CudnnRnnData* input,
                               const void* x, CudnnRnnData* output, void* y, CudnnTensor* hStates, const void* hx, void* hy,
                               CudnnTensor* cStates, const void* cx, void* cy, size_t weightBytes, const void* weights,
                               size_t workBytes, void* workspace, size_t /*reserveBytes*/, void* /*reserve*/) {
  const char* function = "cudnnRNNForward";
  if (!Live<CudnnHandle>::has(handle)) return cudnnBad(function, "no such handle is alive");
  if (!Live<CudnnRnn>::has(rnn) || !rnn->set) return cudnnBad(function, "the RNN descriptor is not alive or was never set");
  if (mode != INFERENCE && mode != TRAINING) return cudnnBad(function, "unknown mode");
  if (mode == TRAINING) return cudnnFail(CUDNN_NOT_SUPPORTED, function, "the simulator has inference only");
  if (const char* wrong = wrongInput(*rnn, input)) return cudnnBad(function, wrong);
  if (const char* wrong = wrongOutput(*rnn, *input, output)) return cudnnBad(function, wrong);
  int batch = int(input->lengths.size());
  bool lstm = rnn->mode == RNN_LSTM;
  if (!describesStates(*rnn, batch, hStates)) {
    return cudnnBad(function, "hDesc is not [layers * directions, batch, hidden], packed");
  }
  if (lstm && !describesStates(*rnn, batch, cStates)) {
    return cudnnBad(function, "cDesc is not [layers * directions, batch, hidden], packed");
  }
  RnnShape shape(*rnn);
  if (x == nullptr || y == nullptr || weights == nullptr) return cudnnBad(function, "x, y or the weight space is null");
  if (weightBytes < shape.bytes()) return cudnnBad(function, "the weight space is too small");
  size_t needed = workspaceBytesOf(shape, *input);
  if (workBytes < needed || workspace == nullptr) return cudnnBad(function, "the workspace is too small or null");
  // The states of the cells belong to the LSTM alone.
  RnnForward work{*rnn, shape, *input, *output, deviceLengths, x, y, hx, hy, lstm ? cx : nullptr, lstm ? cy : nullptr, weights,
                  shape.bytes(), workspace, workBytes};
  if (enqueue(handle->stream, work) == 0) return CUDNN_SUCCESS;
  return cudnnFail(CUDNN_EXECUTION_FAILED, function, "the work could not be put on the stream");
}
