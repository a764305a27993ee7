// The activations, as functions of one number.
#pragma once

#include "common.cuh"

__device__ __forceinline__ float activate(float x, int activation) {
    switch (activation) {
        case ACTIVATION_RELU:
            return maxKeepingNan(x, 0.0f);
        case ACTIVATION_LEAKY_RELU:
            return x > 0 ? x : 0.1f * x;
        case ACTIVATION_GELU:
            return 0.5f * x * (1 + erff(x * 0.70710678f));
        case ACTIVATION_GELU_TANH:
            return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
        case ACTIVATION_SILU:
            return x / (1 + expf(-x));
        case ACTIVATION_TANH:
            return tanhf(x);
        case ACTIVATION_SIGMOID:
            return 1 / (1 + expf(-x));
        default:
            return x;
    }
}
