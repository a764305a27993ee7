// What threads do together: barriers, warp exchange and votes, atomic operations, fences.
#pragma once

LIMBIC_SIM_QUIET static void __syncthreads() { limbicSim->barrier(0); }
LIMBIC_SIM_QUIET static int __syncthreads_count(int predicate) { return limbicSim->barrier(predicate); }
LIMBIC_SIM_QUIET static int __syncthreads_or(int predicate) { return limbicSim->barrier(predicate) != 0; }
LIMBIC_SIM_QUIET static int __syncthreads_and(int predicate) { return limbicSim->barrier(!predicate) == 0; }
LIMBIC_SIM_QUIET static void __syncwarp(unsigned mask = ~0u) { limbicSim->warp(mask, "__syncwarp", nullptr, nullptr); }

// One thread runs at a time, so that memory is always in order.
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __threadfence_system() {}
static inline void __nanosleep(unsigned) {}

// What a lane brings to an exchange and takes from it.
struct LimbicSimLane {
  unsigned long long in, out;
  int from;
};

LIMBIC_SIM_QUIET static void limbicSimShuffle(void** lanes, unsigned arrived) {
  for (int lane = 0; lane < 32; lane++) {
    if (!(arrived >> lane & 1)) continue;
    LimbicSimLane& mine = *static_cast<LimbicSimLane*>(lanes[lane]);
    // What a lane that is not there holds is undefined: NaN shows it.
    mine.out = arrived >> mine.from & 1 ? static_cast<LimbicSimLane*>(lanes[mine.from])->in : ~0ull;
  }
}

template <typename T>
LIMBIC_SIM_QUIET static T limbicSimExchange(unsigned mask, const char* name, T value, int from) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
  LimbicSimLane lane = {0, 0, from};
  __builtin_memcpy(&lane.in, &value, sizeof value);
  limbicSim->warp(mask, name, limbicSimShuffle, &lane);
  __builtin_memcpy(&value, &lane.out, sizeof value);
  return value;
}

LIMBIC_SIM_QUIET static int limbicSimLaneIndex() { return static_cast<int>(limbicSim->linear % 32); }

template <typename T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const int lane = limbicSimLaneIndex();
  return limbicSimExchange(mask, "__shfl_sync", value, (lane & ~(width - 1)) | (source & (width - 1)));
}
template <typename T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = limbicSimLaneIndex();
  const int source = lane - static_cast<int>(delta);
  return limbicSimExchange(mask, "__shfl_up_sync", value, source < (lane & ~(width - 1)) ? lane : source);
}
template <typename T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = limbicSimLaneIndex();
  const int source = lane + static_cast<int>(delta);
  return limbicSimExchange(mask, "__shfl_down_sync", value, source >= (lane & ~(width - 1)) + width ? lane : source);
}
template <typename T>
static inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  const int lane = limbicSimLaneIndex();
  const int source = lane ^ bits;
  return limbicSimExchange(mask, "__shfl_xor_sync", value, source >= (lane & ~(width - 1)) + width ? lane : source);
}

// Every lane gets OPERATION over all of them.
#define LIMBIC_SIM_TOGETHER(NAME, T, START, OPERATION)                                   \
  LIMBIC_SIM_QUIET static void limbicSimCombine##NAME(void** lanes, unsigned arrived) {  \
    T total = START;                                                                     \
    for (int lane = 0; lane < 32; lane++) {                                              \
      if (!(arrived >> lane & 1)) continue;                                              \
      const T x = static_cast<T>(static_cast<LimbicSimLane*>(lanes[lane])->in);          \
      total = OPERATION;                                                                 \
    }                                                                                    \
    for (int lane = 0; lane < 32; lane++) {                                              \
      if (arrived >> lane & 1) static_cast<LimbicSimLane*>(lanes[lane])->out = static_cast<unsigned long long>(total); \
    }                                                                                    \
  }                                                                                      \
  LIMBIC_SIM_QUIET static T limbicSimTogether##NAME(unsigned mask, const char* name, T value) { \
    LimbicSimLane mine = {static_cast<unsigned long long>(value), 0, 0};                 \
    limbicSim->warp(mask, name, limbicSimCombine##NAME, &mine);                          \
    return static_cast<T>(mine.out);                                                     \
  }

LIMBIC_SIM_TOGETHER(Ballot, unsigned, 0, total | (x << lane))
LIMBIC_SIM_TOGETHER(Any, unsigned, 0, total | x)
LIMBIC_SIM_TOGETHER(All, unsigned, 1, total & x)
LIMBIC_SIM_TOGETHER(Add, unsigned, 0, total + x)
LIMBIC_SIM_TOGETHER(MinInt, int, 0x7fffffff, x < total ? x : total)
LIMBIC_SIM_TOGETHER(MaxInt, int, -0x7fffffff - 1, x > total ? x : total)
LIMBIC_SIM_TOGETHER(MinUnsigned, unsigned, ~0u, x < total ? x : total)
LIMBIC_SIM_TOGETHER(MaxUnsigned, unsigned, 0, x > total ? x : total)
LIMBIC_SIM_TOGETHER(And, unsigned, ~0u, total & x)
LIMBIC_SIM_TOGETHER(Or, unsigned, 0, total | x)
LIMBIC_SIM_TOGETHER(Xor, unsigned, 0, total ^ x)

static inline unsigned __ballot_sync(unsigned mask, int p) { return limbicSimTogetherBallot(mask, "__ballot_sync", p != 0); }
static inline int __any_sync(unsigned mask, int p) { return static_cast<int>(limbicSimTogetherAny(mask, "__any_sync", p != 0)); }
static inline int __all_sync(unsigned mask, int p) { return static_cast<int>(limbicSimTogetherAll(mask, "__all_sync", p != 0)); }
// Any set of lanes that holds the caller is a right answer; code that needs more than itself is wrong.
static inline unsigned __activemask() { return 1u << limbicSimLaneIndex(); }
static inline unsigned __reduce_add_sync(unsigned mask, unsigned x) { return limbicSimTogetherAdd(mask, "__reduce_add_sync", x); }
static inline int __reduce_add_sync(unsigned mask, int x) {
  return static_cast<int>(limbicSimTogetherAdd(mask, "__reduce_add_sync", static_cast<unsigned>(x)));
}
static inline int __reduce_min_sync(unsigned mask, int x) { return limbicSimTogetherMinInt(mask, "__reduce_min_sync", x); }
static inline int __reduce_max_sync(unsigned mask, int x) { return limbicSimTogetherMaxInt(mask, "__reduce_max_sync", x); }
static inline unsigned __reduce_min_sync(unsigned mask, unsigned x) {
  return limbicSimTogetherMinUnsigned(mask, "__reduce_min_sync", x);
}
static inline unsigned __reduce_max_sync(unsigned mask, unsigned x) {
  return limbicSimTogetherMaxUnsigned(mask, "__reduce_max_sync", x);
}
static inline unsigned __reduce_and_sync(unsigned mask, unsigned x) { return limbicSimTogetherAnd(mask, "__reduce_and_sync", x); }
static inline unsigned __reduce_or_sync(unsigned mask, unsigned x) { return limbicSimTogetherOr(mask, "__reduce_or_sync", x); }
static inline unsigned __reduce_xor_sync(unsigned mask, unsigned x) { return limbicSimTogetherXor(mask, "__reduce_xor_sync", x); }

// Plain operations are atomic here: a thread gives way only where it waits.
template <typename T, typename Change>
LIMBIC_SIM_QUIET static T limbicSimAtomic(T* at, Change change) {
  const T before = *at;
  *at = change(before);
  return before;
}
#define LIMBIC_SIM_ATOMIC(NAME, T, RESULT) \
  static inline T NAME(T* at, T x) { return limbicSimAtomic(at, [x](T old) { return static_cast<T>(RESULT); }); }
#define LIMBIC_SIM_ATOMICS(T)                         \
  LIMBIC_SIM_ATOMIC(atomicAdd, T, old + x)            \
  LIMBIC_SIM_ATOMIC(atomicSub, T, old - x)            \
  LIMBIC_SIM_ATOMIC(atomicExch, T, x)                 \
  LIMBIC_SIM_ATOMIC(atomicMin, T, x < old ? x : old)  \
  LIMBIC_SIM_ATOMIC(atomicMax, T, x > old ? x : old)  \
  LIMBIC_SIM_ATOMIC(atomicAnd, T, old & x)            \
  LIMBIC_SIM_ATOMIC(atomicOr, T, old | x)             \
  LIMBIC_SIM_ATOMIC(atomicXor, T, old ^ x)            \
  static inline T atomicCAS(T* at, T expected, T x) { \
    return limbicSimAtomic(at, [=](T old) { return old == expected ? x : old; }); \
  }
LIMBIC_SIM_ATOMICS(int)
LIMBIC_SIM_ATOMICS(unsigned)
LIMBIC_SIM_ATOMICS(unsigned long long)
LIMBIC_SIM_ATOMIC(atomicAdd, float, old + x)
LIMBIC_SIM_ATOMIC(atomicAdd, double, old + x)
LIMBIC_SIM_ATOMIC(atomicExch, float, x)
LIMBIC_SIM_ATOMIC(atomicInc, unsigned, old >= x ? 0 : old + 1)
LIMBIC_SIM_ATOMIC(atomicDec, unsigned, old == 0 || old > x ? x : old - 1)

template <typename T> static inline T __ldg(const T* from) { return *from; }
template <typename T> static inline T __ldcg(const T* from) { return *from; }
template <typename T> static inline T __ldca(const T* from) { return *from; }
template <typename T> static inline T __ldcs(const T* from) { return *from; }
template <typename T> static inline void __stcg(T* to, T x) { *to = x; }
template <typename T> static inline void __stcs(T* to, T x) { *to = x; }

static inline void __trap() { limbicSim->fault(719, "__trap"); }
#define assert(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : limbicSim->fault(710, "assertion failed: " #condition))
