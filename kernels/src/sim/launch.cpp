// Functions and their launches, with the checks that the driver makes before anything runs.
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>

#include "runner.h"

using namespace sim;

namespace {

constexpr unsigned kMaxGridX = 0x7fffffff;
constexpr unsigned kMaxGridYZ = 65535;
constexpr unsigned kMaxBlockZ = 64;
constexpr unsigned kFreeDynamicShared = 48 * 1024;

std::atomic<int> injected{0};

Function* find(const void* handle) {
  auto found = driver().functions.find(handle);
  return found == driver().functions.end() ? nullptr : found->second.get();
}

int refuse(const Function& function, int status, const std::string& why) {
  noteFault(std::string("launch of ") + function.kernel->name + " refused: " + why);
  return status;
}

std::string triple(const LimbicSimIndex& i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

int checkShape(const Function& f, const LimbicSimIndex& grid, const LimbicSimIndex& block, unsigned shared) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > kMaxGridX || grid.y > kMaxGridYZ || grid.z > kMaxGridYZ) {
    return refuse(f, kInvalidValue, "grid " + triple(grid));
  }
  unsigned long long threads = static_cast<unsigned long long>(block.x) * block.y * block.z;
  if (threads == 0 || block.x > kMaxThreads || block.y > kMaxThreads || block.z > kMaxBlockZ || threads > kMaxThreads) {
    return refuse(f, kInvalidValue, "block " + triple(block));
  }
  if (f.kernel->maxThreads > 0 && threads > static_cast<unsigned>(f.kernel->maxThreads)) {
    return refuse(f, kInvalidValue, "block " + triple(block) + " is larger than __launch_bounds__("
                                        + std::to_string(f.kernel->maxThreads) + ")");
  }
  if (shared > f.maxDynamicShared) {
    return refuse(f, kInvalidValue, std::to_string(shared) + " bytes of dynamic shared memory; allowed are "
                                        + std::to_string(f.maxDynamicShared));
  }
  return kSuccess;
}

// Copies from an address of the caller that may be none.
bool copyFromCaller(void* to, const void* from, size_t bytes) {
  iovec mine{to, bytes}, theirs{const_cast<void*>(from), bytes};
  return bytes == 0 || process_vm_readv(getpid(), &mine, 1, &theirs, 1, 0) == static_cast<ssize_t>(bytes);
}

size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Makes room for the values and says where each begins, as in a parameter buffer. Returns its size.
size_t layOut(const LimbicSimKernel& kernel, std::vector<size_t>* offsets) {
  size_t bytes = 0;
  for (int i = 0; i < kernel.count; i++) {
    bytes = roundUp(bytes, kernel.alignments[i]);
    offsets->push_back(bytes);
    bytes += kernel.sizes[i];
  }
  return bytes;
}

int takeArguments(const Function& f, void** parameters, Launch* launch, const std::vector<size_t>& offsets) {
  auto count = static_cast<size_t>(f.kernel->count);
  std::vector<void*> sources(count);
  if (count != 0 && !copyFromCaller(sources.data(), parameters, count * sizeof(void*))) {
    return refuse(f, kInvalidValue, "the array of arguments cannot be read");
  }
  for (size_t i = 0; i < count; i++) {
    if (sources[i] == nullptr || !copyFromCaller(launch->storage.data() + offsets[i], sources[i], f.kernel->sizes[i])) {
      return refuse(f, kInvalidValue, "argument " + std::to_string(i + 1) + " of " + std::to_string(count) + " is missing");
    }
  }
  return kSuccess;
}

// The other way to pass arguments: one buffer, whose size the driver is told.
int takeBuffer(const Function& f, void** extra, Launch* launch) {
  const void* buffer = nullptr;
  size_t bytes = 0;
  for (; extra[0] != nullptr; extra += 2) {
    auto key = reinterpret_cast<uintptr_t>(extra[0]);
    if (key == 1) {
      buffer = extra[1];
    } else if (key == 2) {
      bytes = *static_cast<const size_t*>(extra[1]);
    } else {
      return kInvalidValue;
    }
  }
  size_t wanted = launch->storage.size();
  // A trailing gap that makes the size a multiple of the largest alignment is usual.
  if (bytes < wanted || bytes > roundUp(wanted, 16)) {
    return refuse(f, kInvalidValue, "the arguments have " + std::to_string(bytes) + " bytes; the kernel takes "
                                        + std::to_string(wanted));
  }
  return copyFromCaller(launch->storage.data(), buffer, wanted) ? int{kSuccess} : refuse(f, kInvalidValue, "no arguments");
}

void run(Launch& launch) {
  if (int status = injected.exchange(0)) {
    noteFault(std::string("fault injected into ") + launch.kernel->name);
    abandonWork(status);
  }
  runLaunch(launch);
}

}  // namespace

SIM_EXPORT int cuLaunchKernel(void* handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                              unsigned blockZ, unsigned shared, void* streamHandle, void** parameters, void** extra) {
  Call call;
  int status = call.status;
  if (status) return status;
  Function* function = find(handle);
  if (function == nullptr) return kInvalidHandle;
  std::shared_ptr<Stream> stream = findStream(call, streamHandle, &status);
  if (stream == nullptr) return status;
  if (function->module->context != call.context) return kInvalidContext;
  auto launch = std::make_shared<Launch>();
  launch->module = function->module;
  launch->kernel = function->kernel;
  launch->grid = {gridX, gridY, gridZ};
  launch->block = {blockX, blockY, blockZ};
  launch->dynamicShared = shared;
  if ((status = checkShape(*function, launch->grid, launch->block, shared))) return status;
  std::vector<size_t> offsets;
  launch->storage.resize(layOut(*function->kernel, &offsets));
  if (parameters != nullptr && extra != nullptr) return kInvalidValue;
  if (parameters == nullptr && extra == nullptr && function->kernel->count != 0) {
    return refuse(*function, kInvalidValue, "no arguments");
  }
  status = extra != nullptr ? takeBuffer(*function, extra, launch.get())
                            : takeArguments(*function, parameters, launch.get(), offsets);
  if (status) return status;
  for (size_t offset : offsets) launch->arguments.push_back(launch->storage.data() + offset);
  auto work = std::make_shared<Work>();
  work->name = launch->kernel->name;
  work->run = [launch] { run(*launch); };
  return enqueue(stream, std::move(work));
}

SIM_EXPORT int cuFuncGetAttribute(int* value, int attribute, void* handle) {
  Call call;
  if (call.status) return call.status;
  Function* function = find(handle);
  if (function == nullptr) return kInvalidHandle;
  if (value == nullptr) return kInvalidValue;
  switch (attribute) {
    case 0:  // MAX_THREADS_PER_BLOCK
      *value = function->kernel->maxThreads > 0 ? function->kernel->maxThreads : static_cast<int>(kMaxThreads);
      return kSuccess;
    case 8:  // MAX_DYNAMIC_SHARED_SIZE_BYTES
      *value = static_cast<int>(function->maxDynamicShared);
      return kSuccess;
    case 5:  // PTX_VERSION
    case 6:  // BINARY_VERSION
      *value = 90;
      return kSuccess;
    // Static shared, constant and local memory and registers: a module of the simulator does not know them.
    case 1:
    case 2:
    case 3:
    case 4:
      *value = 0;
      return kSuccess;
    default:
      return kInvalidValue;
  }
}

SIM_EXPORT int cuFuncSetAttribute(void* handle, int attribute, int value) {
  Call call;
  if (call.status) return call.status;
  Function* function = find(handle);
  if (function == nullptr) return kInvalidHandle;
  // The preferred carve-out of shared memory is a hint.
  if (attribute == 9) return kSuccess;
  if (attribute != 8 || value < 0 || static_cast<size_t>(value) > kMaxShared) return kInvalidValue;
  function->maxDynamicShared = static_cast<unsigned>(value) < kFreeDynamicShared ? kFreeDynamicShared : static_cast<unsigned>(value);
  return kSuccess;
}

SIM_EXPORT int cuFuncSetCacheConfig(void* handle, int) {
  Call call;
  if (call.status) return call.status;
  return find(handle) == nullptr ? kInvalidHandle : kSuccess;
}

SIM_EXPORT void limbicSimInjectFault(int cuResult) { injected = cuResult; }
