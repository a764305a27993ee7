// Storage types of matrices and tensors: conversion to and from float, with the rounding of the hardware (nearest even).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace limbicsim {

enum class Type { f32, f16, bf16 };

inline size_t bytesOf(Type type) { return type == Type::f32 ? 4 : 2; }

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Keeps the upper 32 - dropped bits of a float, rounded to nearest even; infinities stay, NaN stays NaN.
inline uint32_t roundBits(float value, int dropped) {
  uint32_t bits = bitsOf(value);
  uint32_t mask = (1u << dropped) - 1;
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits | 0x00400000u) & ~mask;
  return (bits + (mask >> 1) + ((bits >> dropped) & 1)) & ~mask;
}

inline float roundToTf32(float value) { return floatOf(roundBits(value, 13)); }

inline uint16_t toBf16(float value) { return uint16_t(roundBits(value, 16) >> 16); }

inline float fromBf16(uint16_t bits) { return floatOf(uint32_t(bits) << 16); }

inline uint16_t toF16(float value) {
  uint32_t bits = bitsOf(value);
  uint16_t sign = uint16_t((bits >> 16) & 0x8000u);
  float magnitude = std::fabs(value);
  if (magnitude != magnitude) return uint16_t(sign | 0x7e00u);
  if (magnitude >= 65520.0f) return uint16_t(sign | 0x7c00u);
  if (magnitude < 6.103515625e-05f) {
    // Subnormal halves are multiples of 2^-24: the addition to 0.5, whose last bit is 2^-24, does the rounding.
    return uint16_t(sign | (bitsOf(magnitude + 0.5f) - bitsOf(0.5f)));
  }
  return uint16_t(sign | ((roundBits(magnitude, 13) - 0x38000000u) >> 13));
}

inline float fromF16(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000u) << 16;
  uint32_t exponent = (bits >> 10) & 31u;
  uint32_t fraction = bits & 0x3ffu;
  if (exponent == 31) return floatOf(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return floatOf(sign | (exponent + 112) << 23 | fraction << 13);
  float magnitude = float(fraction) * 5.9604644775390625e-08f;  // 2^-24
  return floatOf(sign | bitsOf(magnitude));
}

inline float load(Type type, const void* base, size_t index) {
  if (type == Type::f32) return static_cast<const float*>(base)[index];
  uint16_t bits = static_cast<const uint16_t*>(base)[index];
  return type == Type::f16 ? fromF16(bits) : fromBf16(bits);
}

inline void store(Type type, void* base, size_t index, float value) {
  if (type == Type::f32) {
    static_cast<float*>(base)[index] = value;
  } else {
    static_cast<uint16_t*>(base)[index] = type == Type::f16 ? toF16(value) : toBf16(value);
  }
}

// The value that is left after a trip through storage.
inline float rounded(Type type, float value) {
  if (type == Type::f32) return value;
  return type == Type::f16 ? fromF16(toF16(value)) : fromBf16(toBf16(value));
}

// What the multiplying units see of a float operand: all of it, or what TF32, half or bfloat16 keep.
enum class Operand { full, tf32, f16, bf16 };

inline float seenAs(Operand operand, float value) {
  switch (operand) {
    case Operand::tf32: return roundToTf32(value);
    case Operand::f16: return rounded(Type::f16, value);
    case Operand::bf16: return rounded(Type::bf16, value);
    default: return value;
  }
}

}  // namespace limbicsim
