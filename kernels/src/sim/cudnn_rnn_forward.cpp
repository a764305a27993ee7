// Stand-in for libcudnn.so.9: the arithmetic of recurrent networks.
#include "cudnn_rnn_forward.h"

#include <cstdio>

#include "cudnn_rnn_cell.h"
#include "extent.h"
#include "product.h"

using namespace limbicsim;

namespace {

constexpr const char* FUNCTION = "cudnnRNNForward";

// What the multiplying units may make of the data under a math type.
Operand operandOf(const CudnnRnn& rnn) {
  if (rnn.dataType != CUDNN_FLOAT || rnn.mathType == MATH_FMA) return Operand::full;
  return rnn.mathType == MATH_ALLOW_CONVERSION ? Operand::f16 : Operand::tf32;
}

void see(Operand operand, std::vector<float>& values) {
  if (operand == Operand::full) return;
  for (float& value : values) value = seenAs(operand, value);
}

}  // namespace

// Where the steps lie: inside, a sequence after the other without gaps; outside, as the descriptor says.
struct RnnForward::Rows {
  explicit Rows(const CudnnRnnData& data) : data(data) {
    for (int length : data.lengths) {
      first.push_back(count);
      count += size_t(length);
    }
    size_t before = 0;
    for (int step = 0; step < data.longest; step++) {
      packed.push_back(before);
      for (int length : data.lengths) before += length > step;
    }
  }

  size_t batch() const { return data.lengths.size(); }
  size_t length(size_t sequence) const { return size_t(data.lengths[sequence]); }

  size_t outside(size_t sequence, size_t step) const {
    switch (data.layout) {
      case SEQUENCE_MAJOR_PACKED: return packed[step] + sequence;
      case BATCH_MAJOR_UNPACKED: return sequence * size_t(data.longest) + step;
      default: return step * batch() + sequence;
    }
  }

  size_t allOutside() const { return data.layout == SEQUENCE_MAJOR_PACKED ? count : batch() * size_t(data.longest); }

  const CudnnRnnData& data;
  std::vector<size_t> first;
  size_t count = 0;

 private:
  std::vector<size_t> packed;  // rows before each step
};

bool RnnForward::usableMemory() const {
  Rows rows(input);
  size_t element = bytesOf(type());
  size_t states = size_t(shape.pseudoLayers) * rows.batch() * size_t(shape.hidden) * element;
  auto holds = [&](const char* name, const void* address, size_t bytes) {
    return usable(FUNCTION, name, address, bytes, element);
  };
  return (deviceLengths == nullptr ||
          usable(FUNCTION, "devSeqLengths", deviceLengths, rows.batch() * sizeof(int), sizeof(int))) &&
         holds("x", x, rows.allOutside() * size_t(input.vectorSize) * element) &&
         holds("y", y, rows.allOutside() * size_t(output.vectorSize) * element) && (hx == nullptr || holds("hx", hx, states)) &&
         (hy == nullptr || holds("hy", hy, states)) && (cx == nullptr || holds("cx", cx, states)) &&
         (cy == nullptr || holds("cy", cy, states)) && holds("weightSpace", weights, weightBytes) &&
         usable(FUNCTION, "workSpace", workspace, workspaceBytes, 1);
}

// cuDNN may follow either array and has no defined result where they differ, as in a replayed graph with new lengths.
bool RnnForward::sameLengths() const {
  if (deviceLengths == nullptr) return true;
  for (size_t b = 0; b < input.lengths.size(); b++) {
    int length = static_cast<const int*>(deviceLengths)[b];
    if (length == input.lengths[b]) continue;
    char message[160];
    std::snprintf(message, sizeof message, "%s: devSeqLengths[%zu] is %d, the descriptor of x said %d", FUNCTION, b, length,
                  input.lengths[b]);
    limbicSimFault(LAUNCH_FAILED, message);
    return false;
  }
  return true;
}

// [gates * hidden, width]
std::vector<float> RnnForward::matrices(int pseudoLayer, bool recurrent) const {
  std::vector<float> all;
  for (int gate = 0; gate < shape.gates; gate++) {
    const RnnParameter& parameter = shape.at(pseudoLayer, recurrent ? shape.gates + gate : gate);
    const char* matrix = static_cast<const char*>(weights) + parameter.matrix;
    size_t elements = size_t(shape.hidden) * size_t(parameter.width);
    for (size_t i = 0; i < elements; i++) all.push_back(load(type(), matrix, i));
  }
  see(operandOf(rnn), all);
  return all;
}

// [gates * hidden], zeros where the bias mode has none
std::vector<float> RnnForward::biases(int pseudoLayer, bool recurrent) const {
  std::vector<float> all;
  for (int gate = 0; gate < shape.gates; gate++) {
    const RnnParameter& parameter = shape.at(pseudoLayer, recurrent ? shape.gates + gate : gate);
    const char* bias = static_cast<const char*>(weights) + parameter.bias;
    for (size_t i = 0; i < size_t(shape.hidden); i++) all.push_back(parameter.biased ? load(type(), bias, i) : 0);
  }
  return all;
}

std::vector<float> RnnForward::state(const void* from, int pseudoLayer, size_t sequence) const {
  std::vector<float> state(size_t(shape.hidden), 0.0f);
  size_t base = (size_t(pseudoLayer) * input.lengths.size() + sequence) * state.size();
  for (size_t j = 0; from != nullptr && j < state.size(); j++) state[j] = load(type(), from, base + j);
  return state;
}

void RnnForward::keep(void* to, int pseudoLayer, size_t sequence, const std::vector<float>& state) const {
  size_t base = (size_t(pseudoLayer) * input.lengths.size() + sequence) * state.size();
  for (size_t j = 0; to != nullptr && j < state.size(); j++) store(type(), to, base + j, state[j]);
}

// in [rows, width] to this direction's columns of out [rows, directions * hidden]
void RnnForward::runDirection(int layer, int direction, const Rows& rows, const std::vector<float>& in,
                              std::vector<float>& out) const {
  int pseudoLayer = layer * shape.directions + direction;
  size_t hidden = size_t(shape.hidden), outputs = size_t(shape.gates) * hidden;
  size_t width = size_t(shape.widthOf(layer, rnn.inputSize));
  std::vector<float> inputMatrix = matrices(pseudoLayer, false), inputBias = biases(pseudoLayer, false);
  std::vector<float> recurrentMatrix = matrices(pseudoLayer, true), recurrentBias = biases(pseudoLayer, true);
  std::vector<float> projected, recurrent(outputs);
  multiply(outputs, rows.count, width, {inputMatrix.data(), width, 1}, {in.data(), 1, width}, projected);
  for (size_t i = 0; i < projected.size(); i++) projected[i] += inputBias[i % outputs];
  for (size_t sequence = 0; sequence < rows.batch(); sequence++) {
    std::vector<float> h = state(hx, pseudoLayer, sequence), c = state(cx, pseudoLayer, sequence);
    size_t length = rows.length(sequence);
    for (size_t step = 0; step < length; step++) {
      size_t row = rows.first[sequence] + (direction == 0 ? step : length - 1 - step);
      std::vector<float> seen = h;
      see(operandOf(rnn), seen);
      for (size_t i = 0; i < outputs; i++) {
        recurrent[i] = recurrentBias[i] + dot(&recurrentMatrix[i * hidden], seen.data(), int(hidden));
      }
      rnnStep(rnn.mode, hidden, &projected[row * outputs], recurrent.data(), h.data(), c.data());
      for (size_t j = 0; j < hidden; j++) {
        // The state goes on to the next step in the type that it is stored in.
        h[j] = rounded(type(), h[j]);
        out[(row * size_t(shape.directions) + size_t(direction)) * hidden + j] = h[j];
      }
    }
    keep(hy, pseudoLayer, sequence, h);
    keep(cy, pseudoLayer, sequence, c);
  }
}

void RnnForward::run() const {
  if (!usableMemory() || !sameLengths()) return;
  scribble(workspace, workspaceBytes);
  Rows rows(input);
  size_t inWidth = size_t(input.vectorSize), outWidth = size_t(output.vectorSize);
  std::vector<float> in(rows.count * inWidth), out;
  for (size_t sequence = 0; sequence < rows.batch(); sequence++) {
    for (size_t step = 0; step < rows.length(sequence); step++) {
      float* row = &in[(rows.first[sequence] + step) * inWidth];
      for (size_t j = 0; j < inWidth; j++) row[j] = load(type(), x, rows.outside(sequence, step) * inWidth + j);
    }
  }
  for (int layer = 0; layer < rnn.layers; layer++) {
    see(operandOf(rnn), in);
    out.assign(rows.count * outWidth, 0.0f);
    for (int direction = 0; direction < shape.directions; direction++) runDirection(layer, direction, rows, in, out);
    in.swap(out);
  }
  bool padded = input.layout != SEQUENCE_MAJOR_PACKED;
  for (size_t sequence = 0; sequence < rows.batch(); sequence++) {
    for (size_t step = 0; step < size_t(padded ? input.longest : input.lengths[sequence]); step++) {
      bool real = step < rows.length(sequence);
      size_t row = rows.outside(sequence, step) * outWidth;
      for (size_t j = 0; j < outWidth; j++) {
        // Without a symbol for the padding its content is undefined: NaN is found by whoever reads it.
        float fill = output.fills ? float(output.fill) : NAN;
        store(type(), y, row + j, real ? in[(rows.first[sequence] + step) * outWidth + j] : fill);
      }
    }
  }
}
