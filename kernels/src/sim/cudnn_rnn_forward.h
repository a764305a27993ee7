// A recurrent network's run as it stands on the stream: everything that cuDNN reads at the call is copied into it, the device
// memory is read when it runs.
#pragma once
#include "cudnn_rnn_shape.h"
#include "cudnn_types.h"
#include "numbers.h"

namespace limbicsim {

struct RnnForward {
  CudnnRnn rnn;
  RnnShape shape;
  CudnnRnnData input, output;
  const void* deviceLengths;  // or null
  const void* x;
  void* y;
  const void* hx;  // initial and final states may be null: zeros, not wanted
  void* hy;
  const void* cx;
  void* cy;
  const void* weights;
  size_t weightBytes;
  void* workspace;
  size_t workspaceBytes;

  void run() const;

 private:
  struct Rows;

  Type type() const {
    return rnn.dataType == CUDNN_HALF ? Type::f16 : rnn.dataType == CUDNN_BFLOAT16 ? Type::bf16 : Type::f32;
  }
  bool usableMemory() const;
  bool sameLengths() const;
  std::vector<float> matrices(int pseudoLayer, bool recurrent) const;
  std::vector<float> biases(int pseudoLayer, bool recurrent) const;
  std::vector<float> state(const void* from, int pseudoLayer, size_t sequence) const;
  void keep(void* to, int pseudoLayer, size_t sequence, const std::vector<float>& state) const;
  void runDirection(int layer, int direction, const Rows& rows, const std::vector<float>& in, std::vector<float>& out) const;
};

}  // namespace limbicsim
