// The table of a module's kernels, and calls that take their arguments by address.
#pragma once

template <typename... A>
struct LimbicSimArguments {
  static constexpr unsigned sizes[] = {static_cast<unsigned>(sizeof(A))..., 0};
  static constexpr unsigned alignments[] = {static_cast<unsigned>(alignof(A))..., 0};
};

template <auto Kernel>
struct LimbicSimCall;

template <typename... A, void (*Kernel)(A...)>
struct LimbicSimCall<Kernel> {
  using Arguments = LimbicSimArguments<A...>;
  static constexpr int count = sizeof...(A);

  static void call(void** arguments) {
    // Braces take their elements from left to right.
    int index = 0;
    struct Run {
      Run(A... a) { Kernel(a...); }
    } run{*static_cast<A*>(arguments[index++])...};
    (void)run;
    (void)index;
    (void)arguments;
  }
};

#define LIMBIC_SIM_KERNEL(NAME, BOUND)                                                                               \
  {#NAME, LimbicSimCall<&NAME>::call, LimbicSimCall<&NAME>::count, LimbicSimCall<&NAME>::Arguments::sizes,            \
   LimbicSimCall<&NAME>::Arguments::alignments, static_cast<int>(BOUND)}

#define __host__
#define __device__
#define __constant__
#define __managed__
// Not forced: that made large kernels compile five times as long and run no faster.
#define __forceinline__ inline
#define __inline__ inline
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __grid_constant__
