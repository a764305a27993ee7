// Descriptors of convolutions, and what the search for an algorithm answers.
#pragma once
#include "cudnn_types.h"

namespace limbicsim {

struct CudnnFilter {
  bool set = false;
  int dataType, format, filters, channels, height, width;
};

struct CudnnConvolution {
  bool set = false;
  int padding[2], stride[2], dilation[2];
  int mode, dataType;
  int mathType = MATH_DEFAULT;
  int groups = 1;
};

// cudnnConvolutionFwdAlgoPerf_t, and as well that of the way back.
struct CudnnAlgorithmPerformance {
  int algorithm;
  int status;
  float time;
  size_t memory;
  int determinism;
  int mathType;
  int reserved[3];
};

}  // namespace limbicsim
