// Where the parameters of a recurrent network lie in its weight space. cuDNN keeps its order to itself and is asked for each
// address; gaps between the parameters see to it that here, too, nobody gets by with a guess.
#pragma once
#include <cstddef>
#include <vector>

#include "cudnn_types.h"

namespace limbicsim {

constexpr size_t PARAMETER_ALIGNMENT = 256;

inline int rnnGates(int mode) { return mode == RNN_LSTM ? 4 : mode == RNN_GRU ? 3 : 1; }

// One gate's matrix [hidden, width] and bias [hidden] on one side (input or recurrence) of a pseudo-layer.
struct RnnParameter {
  int width;
  size_t matrix;  // bytes from the start of the weight space
  bool biased;
  size_t bias;
};

// Gates of the input side come first, then those of the recurrent side: LSTM input, forget, new, output; GRU reset, update,
// new. A pseudo-layer is one direction of a layer.
class RnnShape {
 public:
  explicit RnnShape(const CudnnRnn& rnn)
      : gates(rnnGates(rnn.mode)), hidden(rnn.hiddenSize), directions(rnn.directions), pseudoLayers(rnn.layers * rnn.directions) {
    for (int pseudoLayer = 0; pseudoLayer < pseudoLayers; pseudoLayer++) {
      for (int linear = 0; linear < 2 * gates; linear++) {
        bool recurrent = linear >= gates;
        int width = recurrent ? hidden : widthOf(pseudoLayer / directions, rnn.inputSize);
        bool biased = rnn.biasMode == BIAS_BOTH || rnn.biasMode == (recurrent ? BIAS_RECURRENT : BIAS_INPUT);
        parameters.push_back({width, take(size_t(hidden) * size_t(width) * cudnnBytes(rnn.dataType)), biased, 0});
      }
    }
    for (RnnParameter& parameter : parameters) {
      if (parameter.biased) parameter.bias = take(size_t(hidden) * cudnnBytes(rnn.dataType));
    }
  }

  const RnnParameter& at(int pseudoLayer, int linear) const { return parameters[size_t(pseudoLayer * 2 * gates + linear)]; }

  int widthOf(int layer, int inputSize) const { return layer == 0 ? inputSize : hidden * directions; }

  size_t bytes() const { return end; }

  int gates, hidden, directions, pseudoLayers;

 private:
  size_t take(size_t bytes) {
    size_t start = end;
    end += (bytes + PARAMETER_ALIGNMENT) / PARAMETER_ALIGNMENT * PARAMETER_ALIGNMENT;
    return start;
  }

  std::vector<RnnParameter> parameters;
  size_t end = 0;
};

}  // namespace limbicsim
