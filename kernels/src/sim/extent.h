// The check of device memory that running work makes before it reads or writes.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "sim.h"

namespace limbicsim {

constexpr int ILLEGAL_ADDRESS = 700;
constexpr int MISALIGNED_ADDRESS = 716;
constexpr int LAUNCH_FAILED = 719;

// Whether the extent is live device memory, aligned to its elements; records the fault otherwise.
inline bool usable(const char* function, const char* argument, const void* address, size_t bytes, size_t elementBytes) {
  if (bytes == 0) return true;
  char message[256];
  if (!limbicSimOwns(address, bytes)) {
    std::snprintf(message, sizeof message, "%s: %s needs %zu bytes at %p, which are not in one live device allocation",
                  function, argument, bytes, address);
    limbicSimFault(ILLEGAL_ADDRESS, message);
    return false;
  }
  if (reinterpret_cast<uintptr_t>(address) % elementBytes != 0) {
    std::snprintf(message, sizeof message, "%s: %s at %p is not aligned to its elements of %zu bytes", function, argument,
                  address, elementBytes);
    limbicSimFault(MISALIGNED_ADDRESS, message);
    return false;
  }
  return true;
}

// Whoever keeps data in a library's workspace loses it on a GPU too.
inline void scribble(void* workspace, size_t bytes) {
  constexpr size_t SCRIBBLED_BYTES = 4096;
  if (bytes != 0) std::memset(workspace, 0xff, bytes < SCRIBBLED_BYTES ? bytes : SCRIBBLED_BYTES);
}

// Hands a copy of the work to the stream. Returns a CUresult.
template <class Work>
int enqueue(void* stream, const Work& work) {
  auto run = [](void* argument) { static_cast<const Work*>(argument)->run(); };
  auto dispose = [](void* argument) { delete static_cast<Work*>(argument); };
  return limbicSimEnqueue(stream, run, new Work(work), dispose);
}

}  // namespace limbicsim
