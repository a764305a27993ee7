// Functions that JCuda's natives look up and the stand-ins do not have.
#pragma once
#include <atomic>
#include <cstdio>

#include "exported.h"

namespace limbicsim {

// Says the name once: whoever begins to use a function sees in the log what the simulator lacks.
inline int refuse(const char* name, std::atomic_flag* said, int status) {
  if (!said->test_and_set()) std::fprintf(stderr, "CUDA simulator: %s is not supported\n", name);
  return status;
}

}  // namespace limbicsim

// The arguments stay where the caller put them; with C linkage nobody asks for their types.
#define LIMBIC_SIM_REFUSED(name, status)             \
  SIM_EXPORT int name() {                            \
    static std::atomic_flag said = ATOMIC_FLAG_INIT; \
    return limbicsim::refuse(#name, &said, status);  \
  }
