// Mathematical functions and bit operations of device code.
#pragma once

extern "C" {
#define LIMBIC_SIM_MATH1(NAME) float NAME##f(float); double NAME(double);
#define LIMBIC_SIM_MATH2(NAME) float NAME##f(float, float); double NAME(double, double);
LIMBIC_SIM_MATH1(fabs) LIMBIC_SIM_MATH1(sqrt) LIMBIC_SIM_MATH1(cbrt) LIMBIC_SIM_MATH1(exp) LIMBIC_SIM_MATH1(exp2)
LIMBIC_SIM_MATH1(expm1) LIMBIC_SIM_MATH1(log) LIMBIC_SIM_MATH1(log2) LIMBIC_SIM_MATH1(log10) LIMBIC_SIM_MATH1(log1p)
LIMBIC_SIM_MATH1(sin) LIMBIC_SIM_MATH1(cos) LIMBIC_SIM_MATH1(tan) LIMBIC_SIM_MATH1(asin) LIMBIC_SIM_MATH1(acos)
LIMBIC_SIM_MATH1(atan) LIMBIC_SIM_MATH1(sinh) LIMBIC_SIM_MATH1(cosh) LIMBIC_SIM_MATH1(tanh) LIMBIC_SIM_MATH1(asinh)
LIMBIC_SIM_MATH1(acosh) LIMBIC_SIM_MATH1(atanh) LIMBIC_SIM_MATH1(erf) LIMBIC_SIM_MATH1(erfc) LIMBIC_SIM_MATH1(lgamma)
LIMBIC_SIM_MATH1(tgamma) LIMBIC_SIM_MATH1(floor) LIMBIC_SIM_MATH1(ceil) LIMBIC_SIM_MATH1(trunc) LIMBIC_SIM_MATH1(round)
LIMBIC_SIM_MATH1(rint) LIMBIC_SIM_MATH1(nearbyint)
LIMBIC_SIM_MATH2(fmin) LIMBIC_SIM_MATH2(fmax) LIMBIC_SIM_MATH2(fmod) LIMBIC_SIM_MATH2(pow) LIMBIC_SIM_MATH2(atan2)
LIMBIC_SIM_MATH2(hypot) LIMBIC_SIM_MATH2(copysign) LIMBIC_SIM_MATH2(remainder) LIMBIC_SIM_MATH2(fdim)
float fmaf(float, float, float);
double fma(double, double, double);
float ldexpf(float, int);
double ldexp(double, int);
long lrintf(float);
int abs(int);
int printf(const char*, ...);
void* memcpy(void*, const void*, size_t);
void* memset(void*, int, size_t);
}

#define LIMBIC_SIM_OVERLOAD1(NAME) static inline float NAME(float x) { return NAME##f(x); }
LIMBIC_SIM_OVERLOAD1(fabs) LIMBIC_SIM_OVERLOAD1(sqrt) LIMBIC_SIM_OVERLOAD1(exp) LIMBIC_SIM_OVERLOAD1(exp2)
LIMBIC_SIM_OVERLOAD1(expm1) LIMBIC_SIM_OVERLOAD1(log) LIMBIC_SIM_OVERLOAD1(log2) LIMBIC_SIM_OVERLOAD1(log10)
LIMBIC_SIM_OVERLOAD1(log1p) LIMBIC_SIM_OVERLOAD1(sin) LIMBIC_SIM_OVERLOAD1(cos) LIMBIC_SIM_OVERLOAD1(tan)
LIMBIC_SIM_OVERLOAD1(tanh) LIMBIC_SIM_OVERLOAD1(erf) LIMBIC_SIM_OVERLOAD1(floor) LIMBIC_SIM_OVERLOAD1(ceil)
LIMBIC_SIM_OVERLOAD1(trunc) LIMBIC_SIM_OVERLOAD1(round) LIMBIC_SIM_OVERLOAD1(rint)
static inline float pow(float x, float y) { return powf(x, y); }
static inline float fmod(float x, float y) { return fmodf(x, y); }
static inline float fma(float x, float y, float z) { return fmaf(x, y, z); }
static inline float abs(float x) { return fabsf(x); }
static inline double abs(double x) { return fabs(x); }
static inline long long abs(long long x) { return x < 0 ? -x : x; }

#define LIMBIC_SIM_ORDER(T)                              \
  static inline T min(T a, T b) { return b < a ? b : a; } \
  static inline T max(T a, T b) { return a < b ? b : a; }
LIMBIC_SIM_ORDER(int)
LIMBIC_SIM_ORDER(unsigned)
LIMBIC_SIM_ORDER(long)
LIMBIC_SIM_ORDER(unsigned long)
LIMBIC_SIM_ORDER(long long)
LIMBIC_SIM_ORDER(unsigned long long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }

template <typename T> static inline bool isnan(T x) { return __builtin_isnan(x); }
template <typename T> static inline bool isinf(T x) { return __builtin_isinf(x); }
template <typename T> static inline bool isfinite(T x) { return __builtin_isfinite(x); }
template <typename T> static inline bool signbit(T x) { return __builtin_signbit(x); }

static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }
static inline float rsqrt(float x) { return rsqrtf(x); }
static inline float exp10f(float x) { return powf(10, x); }
static inline void sincosf(float x, float* s, float* c) { *s = sinf(x); *c = cosf(x); }
static inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678f); }
// The fast ones of a chip are less exact; code that passes here may still be too coarse there.
static inline float __expf(float x) { return expf(x); }
static inline float __exp10f(float x) { return exp10f(x); }
static inline float __logf(float x) { return logf(x); }
static inline float __log2f(float x) { return log2f(x); }
static inline float __log10f(float x) { return log10f(x); }
static inline float __powf(float x, float y) { return powf(x, y); }
static inline float __sinf(float x) { return sinf(x); }
static inline float __cosf(float x) { return cosf(x); }
static inline float __tanf(float x) { return tanf(x); }
static inline float __fdividef(float x, float y) { return x / y; }
static inline float __frcp_rn(float x) { return 1 / x; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __frsqrt_rn(float x) { return rsqrtf(x); }
static inline float __fdiv_rn(float x, float y) { return x / y; }
static inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
// Through a variable of its own, so that the compiler does not contract it with a neighbour.
static inline float __fmul_rn(float x, float y) { volatile float z = x * y; return z; }
static inline float __fadd_rn(float x, float y) { volatile float z = x + y; return z; }
static inline float __fsub_rn(float x, float y) { volatile float z = x - y; return z; }
static inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

template <typename To, typename From>
static inline To limbicSimBits(From x) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To y;
  __builtin_memcpy(&y, &x, sizeof y);
  return y;
}
static inline int __float_as_int(float x) { return limbicSimBits<int>(x); }
static inline unsigned __float_as_uint(float x) { return limbicSimBits<unsigned>(x); }
static inline float __int_as_float(int x) { return limbicSimBits<float>(x); }
static inline float __uint_as_float(unsigned x) { return limbicSimBits<float>(x); }
static inline long long __double_as_longlong(double x) { return limbicSimBits<long long>(x); }
static inline double __longlong_as_double(long long x) { return limbicSimBits<double>(x); }

// As the chip converts: NaN becomes 0, what does not fit the nearest that does.
static inline int limbicSimToInt(double x) {
  return x != x ? 0 : x >= 2147483647.0 ? 2147483647 : x <= -2147483648.0 ? -2147483647 - 1 : static_cast<int>(x);
}
static inline unsigned limbicSimToUnsigned(double x) {
  return !(x > 0) ? 0 : x >= 4294967295.0 ? 4294967295u : static_cast<unsigned>(x);
}
static inline int __float2int_rn(float x) { return limbicSimToInt(rint(static_cast<double>(x))); }
static inline int __float2int_rz(float x) { return limbicSimToInt(x); }
static inline int __float2int_rd(float x) { return limbicSimToInt(floor(static_cast<double>(x))); }
static inline int __float2int_ru(float x) { return limbicSimToInt(ceil(static_cast<double>(x))); }
static inline unsigned __float2uint_rn(float x) { return limbicSimToUnsigned(rint(static_cast<double>(x))); }
static inline unsigned __float2uint_rz(float x) { return limbicSimToUnsigned(x); }
static inline float __int2float_rn(int x) { return static_cast<float>(x); }
static inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }

static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
static inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline unsigned __brev(unsigned x) {
  unsigned y = 0;
  for (int bit = 0; bit < 32; bit++) y |= (x >> bit & 1) << (31 - bit);
  return y;
}
static inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    const unsigned s = selector >> (4 * i);
    unsigned byte = static_cast<unsigned>(bytes >> (8 * (s & 7))) & 0xff;
    if (s & 8) byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (8 * i);
  }
  return result;
}
static inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>(((static_cast<unsigned long long>(high) << 32 | low) << (shift & 31)) >> 32);
}
static inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (shift & 31));
}
static inline int __mulhi(int x, int y) { return static_cast<int>((static_cast<long long>(x) * y) >> 32); }
static inline unsigned __umulhi(unsigned x, unsigned y) {
  return static_cast<unsigned>((static_cast<unsigned long long>(x) * y) >> 32);
}
static inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(x) * y) >> 64);
}
static inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 4; i++) c += static_cast<signed char>(a >> (8 * i)) * static_cast<signed char>(b >> (8 * i));
  return c;
}
