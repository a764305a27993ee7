// Shared memory of the running block: static variables with red zones between them, then dynamic memory that ends at a
// guard page. One mapping for all blocks, since they run one after another.
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runner.h"

namespace sim {
namespace {

constexpr size_t kRedZone = 64;
constexpr size_t kStaticArea = 192 * 1024;
// Dynamic memory of a chip begins at a round address.
constexpr size_t kDynamicAlignment = 128;
// NaN in f32, f16 and bf16, like fresh device memory.
constexpr unsigned char kPoison = 0xFF;
constexpr unsigned char kCanary = 0xFB;

struct Variable {
  unsigned char* address;
  size_t bytes;
  const char* name;
};

unsigned char* mapping = nullptr;
size_t dynamicArea;
std::vector<Variable> variables;
size_t staticBytes;
unsigned char* cursor;
unsigned char* dynamicStart;
size_t dynamicBytes;

size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void reserve() {
  if (mapping != nullptr) return;
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  dynamicArea = roundUp(kMaxShared + kDynamicAlignment, page);
  // A guard page on both sides of the dynamic area.
  size_t bytes = kStaticArea + page + dynamicArea + page;
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) failLaunch(kOutOfMemory, "no memory for shared memory");
  mapping = static_cast<unsigned char*>(at);
  mprotect(mapping + kStaticArea, page, PROT_NONE);
  mprotect(mapping + bytes - page, page, PROT_NONE);
}

const unsigned char* damaged(const unsigned char* from, const unsigned char* to) {
  for (; from < to; from++) {
    if (*from != kCanary) return from;
  }
  return nullptr;
}

std::string named(const Variable& v) {
  return std::string("__shared__ ") + v.name + " of " + std::to_string(v.bytes) + " bytes";
}

}  // namespace

void beginShared(LimbicSimServices& services, unsigned bytes) {
  reserve();
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  unsigned char* end = mapping + kStaticArea + page + dynamicArea;
  variables.clear();
  staticBytes = 0;
  cursor = mapping;
  dynamicBytes = bytes;
  dynamicStart = end - roundUp(bytes, kDynamicAlignment);
  if (bytes != 0) {
    memset(dynamicStart, kPoison, bytes);
    memset(dynamicStart + bytes, kCanary, static_cast<size_t>(end - dynamicStart) - bytes);
  }
  services.dynamicShared = dynamicStart;
  services.sharedStart = mapping;
  services.sharedBytes = static_cast<size_t>(end - mapping);
}

void* openShared(unsigned long long size, unsigned long long alignment, const char* name) {
  staticBytes += size;
  if (staticBytes > kMaxStaticShared || staticBytes + dynamicBytes > kMaxShared) {
    failLaunch(kLaunchOutOfResources, "too much shared memory: " + std::to_string(staticBytes) + " bytes of __shared__ variables and "
               + std::to_string(dynamicBytes) + " dynamic ones");
  }
  auto at = reinterpret_cast<unsigned char*>(
      roundUp(reinterpret_cast<uintptr_t>(cursor) + kRedZone, alignment < 16 ? 16 : static_cast<size_t>(alignment)));
  unsigned char* next = at + size + kRedZone;
  if (next > mapping + kStaticArea) failLaunch(kLaunchOutOfResources, "too many __shared__ variables");
  // The red zone of the variable before may show damage already.
  unsigned char* zone = variables.empty() ? cursor : cursor + kRedZone;
  memset(zone, kCanary, static_cast<size_t>(at - zone));
  memset(at, kPoison, size);
  memset(at + size, kCanary, kRedZone);
  cursor = at + size;
  variables.push_back({at, static_cast<size_t>(size), name});
  return at;
}

std::string endShared() {
  const unsigned char* zone = mapping;
  for (size_t i = 0; i <= variables.size(); i++) {
    bool last = i == variables.size();
    const unsigned char* end = last ? zone + (i == 0 ? 0 : kRedZone) : variables[i].address;
    if (const unsigned char* at = damaged(zone, end)) {
      if (i == 0) return "write " + std::to_string(end - at) + " bytes before the start of " + named(variables[0]);
      return "write " + std::to_string(at - zone) + " bytes past the end of " + named(variables[i - 1]);
    }
    if (!last) zone = variables[i].address + variables[i].bytes;
  }
  if (dynamicBytes != 0) {
    const unsigned char* end = dynamicStart + roundUp(dynamicBytes, kDynamicAlignment);
    if (const unsigned char* at = damaged(dynamicStart + dynamicBytes, end)) {
      return "write " + std::to_string(at - dynamicStart - static_cast<ptrdiff_t>(dynamicBytes)) + " bytes past the end of "
          + std::to_string(dynamicBytes) + " bytes of dynamic shared memory";
    }
  }
  return "";
}

std::string describeShared(const void* address) {
  auto at = static_cast<const unsigned char*>(address);
  for (const Variable& v : variables) {
    if (at >= v.address && at < v.address + v.bytes) {
      return std::string("__shared__ ") + v.name + " at byte " + std::to_string(at - v.address);
    }
  }
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (mapping == nullptr || at < mapping || at >= mapping + kStaticArea + page + dynamicArea + page) return "";
  if (at < mapping + kStaticArea) return "shared memory between __shared__ variables";
  return "dynamic shared memory at byte " + std::to_string(at - dynamicStart) + " of " + std::to_string(dynamicBytes);
}

}  // namespace sim
