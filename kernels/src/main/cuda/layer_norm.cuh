// Layer normalisation of one row by one warp; the row comes from any source.
#pragma once

#include "common.cuh"

/** Elements a lane keeps in registers: rows of up to 32 of these are read once. */
constexpr int HELD = 32;

template <typename T, int P>
__device__ __forceinline__ void normaliseChunk(
        T* out, int column, float (&v)[P], float mean, float scale, const float* gain, const float* bias) {
    float g[P];
    float b[P];
    load(g, gain + column);
    load(b, bias + column);
#pragma unroll
    for (int i = 0; i < P; i++) {
        v[i] = (v[i] - mean) * scale * g[i] + b[i];
    }
    store(out + column, v);
}

template <int P>
__device__ __forceinline__ float squaredDistance(const float (&v)[P], float mean) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < P; i++) {
        sum += (v[i] - mean) * (v[i] - mean);
    }
    return sum;
}

template <int P>
__device__ __forceinline__ float sumOf(const float (&v)[P]) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < P; i++) {
        sum += v[i];
    }
    return sum;
}

/**
 * out = (x - mean) / sqrt(variance + epsilon) * gain + bias for a row x of columns elements.
 *
 * source(column, v) fills v with the P elements of x from column on. Rows beyond the registers ask for each chunk three
 * times, the last time right before it is written, so out may be what source reads.
 */
template <typename T, int P, typename Source>
__device__ __forceinline__ void layerNormRow(
        T* out, int columns, const float* gain, const float* bias, float epsilon, Source source) {
    const int start = laneIndex() * P;
    constexpr int STEP = WARP * P;
    const float n = static_cast<float>(columns);
    float sum = 0;
    float squares = 0;
    if (columns <= WARP * HELD) {
        float held[HELD / P][P];
#pragma unroll
        for (int c = 0; c < HELD / P; c++) {
            if (start + c * STEP < columns) {
                source(start + c * STEP, held[c]);
                sum += sumOf(held[c]);
            }
        }
        const float mean = warpSum(sum) / n;
#pragma unroll
        for (int c = 0; c < HELD / P; c++) {
            if (start + c * STEP < columns) {
                squares += squaredDistance(held[c], mean);
            }
        }
        const float scale = rsqrtf(warpSum(squares) / n + epsilon);
#pragma unroll
        for (int c = 0; c < HELD / P; c++) {
            if (start + c * STEP < columns) {
                normaliseChunk(out, start + c * STEP, held[c], mean, scale, gain, bias);
            }
        }
    } else {
        float v[P];
        for (int column = start; column < columns; column += STEP) {
            source(column, v);
            sum += sumOf(v);
        }
        const float mean = warpSum(sum) / n;
        for (int column = start; column < columns; column += STEP) {
            source(column, v);
            squares += squaredDistance(v, mean);
        }
        const float scale = rsqrtf(warpSum(squares) / n + epsilon);
        for (int column = start; column < columns; column += STEP) {
            source(column, v);
            normaliseChunk(out, column, v, mean, scale, gain, bias);
        }
    }
}
