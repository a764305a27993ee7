// Switching between fibres: by hand on x86-64, where ucontext would make two system calls per switch.
#include "fibre.h"

#include <cstdint>

#if defined(__x86_64__)

extern "C" void limbicSimSwitchStack(void** from, void* to);

// Keeps the registers that the System V calling convention lets a callee not change.
asm(R"(
.text
.hidden limbicSimSwitchStack
.globl limbicSimSwitchStack
.type limbicSimSwitchStack, @function
limbicSimSwitchStack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size limbicSimSwitchStack, .-limbicSimSwitchStack
)");

namespace sim {

void prepareFibre(Fibre& fibre, char* stack, size_t bytes, void (*entry)()) {
  // As after a call: the return address, here of nobody, lies 8 bytes below a multiple of 16.
  auto top = reinterpret_cast<void**>((reinterpret_cast<uintptr_t>(stack) + bytes) & ~uintptr_t{15});
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(entry);
  for (int saved = 0; saved < 6; saved++) *--top = nullptr;
  fibre.stackPointer = top;
}

void switchFibre(Fibre& from, Fibre& to) { limbicSimSwitchStack(&from.stackPointer, to.stackPointer); }

}  // namespace sim

#else

namespace sim {

void prepareFibre(Fibre& fibre, char* stack, size_t bytes, void (*entry)()) {
  getcontext(&fibre.context);
  fibre.context.uc_stack.ss_sp = stack;
  fibre.context.uc_stack.ss_size = bytes;
  fibre.context.uc_link = nullptr;
  makecontext(&fibre.context, entry, 0);
}

void switchFibre(Fibre& from, Fibre& to) { swapcontext(&from.context, &to.context); }

}  // namespace sim

#endif
