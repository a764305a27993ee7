// Faults: signals raised by running work become a status of the context; the process goes on.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <cstdio>

#include "runner.h"

namespace sim {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr size_t kAlternateStack = 64 * 1024;

struct sigaction previous[65];
sigjmp_buf escape;
std::atomic<bool> running{false};
pthread_t runner;

// What the handler saw; read after the jump.
volatile int trapSignal;
void* volatile trapAddress;
volatile bool trapWrite;
// Set when work gave up by itself.
volatile int abandonedWith;

std::mutex textMutex;
std::string firstText;

bool wroteTo(const void* ucontext) {
#if defined(__x86_64__)
  // Bit 1 of the page fault's error code.
  return (static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
  (void)ucontext;
  return false;
#endif
}

void chain(int signal, siginfo_t* info, void* ucontext) {
  struct sigaction& before = previous[signal];
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(signal, info, ucontext);
  } else if (before.sa_handler == SIG_DFL) {
    // Back to the default action: the instruction faults again and ends the process as it would have without us.
    sigaction(signal, &before, nullptr);
  } else if (before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  }
}

void handle(int signal, siginfo_t* info, void* ucontext) {
  if (!running.load() || !pthread_equal(pthread_self(), runner)) {
    chain(signal, info, ucontext);
    return;
  }
  trapSignal = signal;
  // A general protection fault (for example an aligned vector load at an odd address) carries no address.
  trapAddress = info->si_code == SI_KERNEL ? nullptr : info->si_addr;
  trapWrite = signal == SIGSEGV && wroteTo(ucontext);
  siglongjmp(escape, 1);
}

int describeTrap(std::string* text) {
  switch (trapSignal) {
    case SIGFPE:
      *text = "integer division by zero";
      return kLaunchFailed;
    case SIGILL:
      *text = "illegal instruction";
      return 715;
    default:
      break;
  }
  if (trapAddress == nullptr) {
    *text = "access through a null or misaligned address";
    return kIllegalAddress;
  }
  *text = describeStack(trapAddress);
  if (!text->empty()) return kLaunchFailed;
  std::string shared = describeShared(trapAddress);
  *text = std::string(trapWrite ? "write to " : "read of ") + (shared.empty() ? describeAddress(trapAddress) : shared);
  return kIllegalAddress;
}

}  // namespace

void installFaultHandler() {
  struct sigaction action {};
  action.sa_sigaction = handle;
  for (int signal : kSignals) {
    sigaction(signal, nullptr, &previous[signal]);
    action.sa_mask = previous[signal].sa_mask;
    action.sa_flags = (previous[signal].sa_flags & ~(SA_RESETHAND | SA_NODEFER)) | SA_SIGINFO | SA_ONSTACK;
    sigaction(signal, &action, nullptr);
  }
}

int runProtected(const std::function<void()>& work) {
  // A fibre may fault by running out of stack: the handler needs one of its own.
  static thread_local char* alternate = nullptr;
  if (alternate == nullptr) {
    alternate = static_cast<char*>(malloc(kAlternateStack));
    stack_t stack{};
    stack.ss_sp = alternate;
    stack.ss_size = kAlternateStack;
    sigaltstack(&stack, nullptr);
  }
  runner = pthread_self();
  int jumped = sigsetjmp(escape, 1);
  if (jumped == 0) {
    running = true;
    work();
    running = false;
    return kSuccess;
  }
  running = false;
  int status = abandonedWith;
  if (jumped == 1) {
    std::string text;
    status = describeTrap(&text);
    std::string where = whereInKernel();
    noteFault(where.empty() ? text : where + ": " + text);
  }
  dropLaunch();
  return status;
}

void abandonWork(int status) {
  abandonedWith = status;
  siglongjmp(escape, 2);
}

void noteFault(const std::string& message) {
  static const bool log = getenv("LIMBIC_SIM_LOG") != nullptr;
  if (log) fprintf(stderr, "CUDA simulator: %s\n", message.c_str());
  std::lock_guard<std::mutex> lock(textMutex);
  if (firstText.empty()) firstText = message;
}

void failContext(Context* context, int status, const std::string& message) {
  if (!message.empty()) noteFault(message);
  if (context != nullptr && context->error == 0) context->error = status;
}

}  // namespace sim

SIM_EXPORT const char* limbicSimTakeFault() {
  static thread_local std::string taken;
  std::lock_guard<std::mutex> lock(sim::textMutex);
  taken = sim::firstText;
  sim::firstText.clear();
  return taken.c_str();
}

SIM_EXPORT void limbicSimFault(int cuResult, const char* message) {
  std::string where = sim::whereInKernel();
  std::string text = message == nullptr ? "fault" : message;
  std::lock_guard<std::mutex> lock(sim::driver().mutex);
  sim::Context* context = sim::runningContext();
  if (context == nullptr && !sim::contextStack().empty()) context = sim::contextStack().back();
  sim::failContext(context, cuResult, where.empty() ? text : where + ": " + text);
}
