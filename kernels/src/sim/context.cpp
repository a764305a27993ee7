// Initialisation and contexts.
#include "internal.h"

namespace sim {

Driver& driver() {
  static Driver* instance = new Driver();
  return *instance;
}

std::vector<Context*>& contextStack() {
  static thread_local std::vector<Context*> stack;
  return stack;
}

Call::Call() : lock(driver().mutex) {
  if (!driver().initialised) {
    status = kNotInitialized;
    return;
  }
  auto& stack = contextStack();
  // A context that another thread destroyed stays on this thread's stack, but is none any more.
  if (stack.empty() || driver().contexts.count(stack.back()) == 0) {
    status = kInvalidContext;
    return;
  }
  context = stack.back();
  status = context->error;
}

void drain(std::unique_lock<std::mutex>& lock, Context* context) {
  await(lock, [context] {
    if (!context->legacy->idle()) return false;
    for (auto& entry : driver().streams.all()) {
      if (entry.second->context == context && !entry.second->idle()) return false;
    }
    return true;
  });
}

}  // namespace sim

using namespace sim;

namespace {

bool valid(const void* context) { return driver().contexts.count(context) != 0; }

size_t removeObjects(Context* context) {
  Driver& d = driver();
  for (auto entry = d.functions.begin(); entry != d.functions.end();) {
    entry = entry->second->module->context == context ? d.functions.erase(entry) : std::next(entry);
  }
  return d.execs.removeAll(context) + d.graphs.removeAll(context) + d.events.removeAll(context)
      + d.streams.removeAll(context) + d.modules.removeAll(context);
}

}  // namespace

SIM_EXPORT int cuInit(unsigned flags) {
  if (flags != 0) return kInvalidValue;
  Driver& d = driver();
  std::lock_guard<std::mutex> lock(d.mutex);
  if (d.initialised) return kSuccess;
  installFaultHandler();
  startWorker();
  d.initialised = true;
  return kSuccess;
}

SIM_EXPORT int cuCtxCreate_v2(void** context, unsigned flags, int device) {
  Driver& d = driver();
  std::lock_guard<std::mutex> lock(d.mutex);
  if (!d.initialised) return kNotInitialized;
  if (context == nullptr) return kInvalidValue;
  if (device != 0) return kInvalidDevice;
  auto created = std::make_unique<Context>();
  created->flags = flags;
  created->legacy = std::make_shared<Stream>();
  created->legacy->legacy = true;
  created->legacy->context = created.get();
  *context = created.get();
  contextStack().push_back(created.get());
  d.contexts[created.get()] = std::move(created);
  return kSuccess;
}

SIM_EXPORT int cuCtxDestroy_v2(void* handle) {
  Driver& d = driver();
  std::unique_lock<std::mutex> lock(d.mutex);
  if (!d.initialised) return kNotInitialized;
  if (!valid(handle)) return kInvalidContext;
  auto context = static_cast<Context*>(handle);
  drain(lock, context);
  if (!valid(handle)) return kInvalidContext;
  bool healthy = context->error == 0;
  size_t left = removeObjects(context) + releaseAll(context);
  // After a sticky error nothing can be freed one by one; what is left then is no leak.
  if (healthy) d.abandoned += static_cast<long long>(left);
  auto& stack = contextStack();
  if (!stack.empty() && stack.back() == context) stack.pop_back();
  d.contexts.erase(handle);
  return kSuccess;
}

SIM_EXPORT int cuCtxSetCurrent(void* handle) {
  std::lock_guard<std::mutex> lock(driver().mutex);
  if (!driver().initialised) return kNotInitialized;
  auto& stack = contextStack();
  if (handle == nullptr) {
    if (!stack.empty()) stack.pop_back();
    return kSuccess;
  }
  if (!valid(handle)) return kInvalidContext;
  if (stack.empty()) stack.push_back(nullptr);
  stack.back() = static_cast<Context*>(handle);
  return kSuccess;
}

SIM_EXPORT int cuCtxGetCurrent(void** handle) {
  std::lock_guard<std::mutex> lock(driver().mutex);
  if (!driver().initialised) return kNotInitialized;
  if (handle == nullptr) return kInvalidValue;
  auto& stack = contextStack();
  *handle = stack.empty() || !valid(stack.back()) ? nullptr : stack.back();
  return kSuccess;
}

SIM_EXPORT int cuCtxPushCurrent_v2(void* handle) {
  std::lock_guard<std::mutex> lock(driver().mutex);
  if (!driver().initialised) return kNotInitialized;
  if (!valid(handle)) return kInvalidContext;
  contextStack().push_back(static_cast<Context*>(handle));
  return kSuccess;
}

SIM_EXPORT int cuCtxPopCurrent_v2(void** handle) {
  std::lock_guard<std::mutex> lock(driver().mutex);
  if (!driver().initialised) return kNotInitialized;
  auto& stack = contextStack();
  if (stack.empty()) return kInvalidContext;
  if (handle != nullptr) *handle = stack.back();
  stack.pop_back();
  return kSuccess;
}

SIM_EXPORT int cuCtxSynchronize() {
  Call call;
  if (call.status) return call.status;
  if (int refused = forbidInCapture(call.context)) return refused;
  drain(call.lock, call.context);
  return settle(call.context);
}

SIM_EXPORT int cuCtxGetDevice(int* device) {
  Call call;
  if (call.status == kNotInitialized || call.status == kInvalidContext) return call.status;
  if (device == nullptr) return kInvalidValue;
  *device = 0;
  return kSuccess;
}

SIM_EXPORT int cuCtxGetFlags(unsigned* flags) {
  Call call;
  if (call.status) return call.status;
  if (flags == nullptr) return kInvalidValue;
  *flags = call.context->flags;
  return kSuccess;
}

SIM_EXPORT int cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  Call call;
  if (call.status) return call.status;
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = -5;
  return kSuccess;
}

SIM_EXPORT long long limbicSimLiveObjects() {
  Driver& d = driver();
  std::lock_guard<std::mutex> lock(d.mutex);
  return static_cast<long long>(d.contexts.size() + d.streams.size() + d.events.size() + d.modules.size() + d.graphs.size()
                          + d.execs.size());
}

SIM_EXPORT long long limbicSimAbandoned() {
  std::lock_guard<std::mutex> lock(driver().mutex);
  return driver().abandoned;
}
