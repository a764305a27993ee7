// One step of one sequence through a recurrent cell, as cuDNN's documentation writes it.
#pragma once
#include <cmath>
#include <cstddef>

#include "cudnn_types.h"

namespace limbicsim {

inline float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// input [gates, hidden] is W x + its bias, recurrent [gates, hidden] is R h + its bias; h and c [hidden] become the next ones.
inline void rnnStep(int mode, size_t hidden, const float* input, const float* recurrent, float* h, float* c) {
  auto sum = [&](size_t gate, size_t j) { return input[gate * hidden + j] + recurrent[gate * hidden + j]; };
  for (size_t j = 0; j < hidden; j++) {
    switch (mode) {
      case RNN_LSTM:
        c[j] = sigmoid(sum(1, j)) * c[j] + sigmoid(sum(0, j)) * std::tanh(sum(2, j));
        h[j] = sigmoid(sum(3, j)) * std::tanh(c[j]);
        break;
      case RNN_GRU: {
        // The reset gate acts on the product, not on the state before it.
        float fresh = std::tanh(input[2 * hidden + j] + sigmoid(sum(0, j)) * recurrent[2 * hidden + j]);
        float update = sigmoid(sum(1, j));
        h[j] = (1 - update) * fresh + update * h[j];
        break;
      }
      case RNN_TANH: h[j] = std::tanh(sum(0, j)); break;
      default: h[j] = sum(0, j) < 0 ? 0 : sum(0, j);  // keeps NaN
    }
  }
}

}  // namespace limbicsim
