// What CUDA C has without any include: execution space specifiers, index variables, vector types.
#pragma once

typedef decltype(sizeof 0) size_t;

#define LIMBIC_SIM_HIDDEN __attribute__((visibility("hidden")))
// Not watched for races: called by the code that is.
#define LIMBIC_SIM_QUIET __attribute__((no_sanitize("thread"), noinline, unused))

LIMBIC_SIM_HIDDEN LimbicSimServices limbicSimNone;
LIMBIC_SIM_HIDDEN LimbicSimServices* limbicSim = &limbicSimNone;

#define threadIdx (limbicSim->thread)
#define blockIdx (limbicSim->block)
#define blockDim (limbicSim->blockSize)
#define gridDim (limbicSim->gridSize)
#define warpSize 32

#define LIMBIC_SIM_VECTORS(NAME, T, ALIGN2, ALIGN4)                                                                   \
  struct NAME##1 { T x; };                                                                                            \
  struct alignas(ALIGN2) NAME##2 { T x, y; };                                                                         \
  struct NAME##3 { T x, y, z; };                                                                                      \
  struct alignas(ALIGN4) NAME##4 { T x, y, z, w; };                                                                   \
  static inline NAME##1 make_##NAME##1(T x) { return {x}; }                                                           \
  static inline NAME##2 make_##NAME##2(T x, T y) { return {x, y}; }                                                   \
  static inline NAME##3 make_##NAME##3(T x, T y, T z) { return {x, y, z}; }                                           \
  static inline NAME##4 make_##NAME##4(T x, T y, T z, T w) { return {x, y, z, w}; }

LIMBIC_SIM_VECTORS(char, signed char, 2, 4)
LIMBIC_SIM_VECTORS(uchar, unsigned char, 2, 4)
LIMBIC_SIM_VECTORS(short, short, 4, 8)
LIMBIC_SIM_VECTORS(ushort, unsigned short, 4, 8)
LIMBIC_SIM_VECTORS(int, int, 8, 16)
LIMBIC_SIM_VECTORS(uint, unsigned, 8, 16)
LIMBIC_SIM_VECTORS(longlong, long long, 16, 16)
LIMBIC_SIM_VECTORS(ulonglong, unsigned long long, 16, 16)
LIMBIC_SIM_VECTORS(float, float, 8, 16)
LIMBIC_SIM_VECTORS(double, double, 16, 16)

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

// A static __shared__ variable: where it lies in the running block.
struct LimbicSimShared {
  unsigned long long epoch;
  void* address;
  LIMBIC_SIM_QUIET void* open(unsigned long long size, unsigned long long alignment, const char* name) {
    if (epoch != limbicSim->epoch) {
      epoch = limbicSim->epoch;
      address = limbicSim->openShared(size, alignment, name);
    }
    return address;
  }
};

LIMBIC_SIM_QUIET static void* limbicSimDynamic() { return limbicSim->dynamicShared; }
