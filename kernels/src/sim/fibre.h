// One thread of a CUDA block, as a stack and a place to go on from.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace sim {

struct Fibre {
#if defined(__x86_64__)
  void* stackPointer = nullptr;
#else
  ucontext_t context;
#endif
};

// Prepares a fibre that begins with entry() on the given stack. entry must not return.
void prepareFibre(Fibre& fibre, char* stack, size_t bytes, void (*entry)());

// Stores where the caller is in `from` and goes on with `to`.
void switchFibre(Fibre& from, Fibre& to);

}  // namespace sim
