// Device and pinned memory: a reserved region of addresses, each allocation ending at a guard page.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>

#include "internal.h"

namespace sim {
namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kQuarantine = 1024;
constexpr unsigned char kPoison = 0xFF;
// A NaN in f32, f16 and bf16, so that a read past the end shows too, and other than the poison.
constexpr uint16_t kCanary = 0xFFFB;

struct Allocation {
  Context* context;
  char* mapping;
  size_t mapped;  // without the guard page
  char* address;
  size_t bytes;
  bool pinned;
};

struct Freed {
  char* address;
  size_t bytes;
};

// Guards the maps on its own, because running work asks for ownership while callers hold the driver's lock.
std::mutex mutex;
std::map<char*, Allocation> live;  // by address of the mapping
std::deque<Freed> freed;
char* region;
size_t regionBytes;
size_t cursor;
size_t used;
// 0: the default.
size_t limit;

size_t page() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void reserveRegion() {
  if (region != nullptr) return;
  for (regionBytes = size_t{1} << 40; regionBytes >= size_t{1} << 33; regionBytes /= 2) {
    void* at = mmap(nullptr, regionBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED) {
      region = static_cast<char*>(at);
      return;
    }
  }
  regionBytes = 0;
}

// The live allocation whose pages, with the guard page behind them, hold the address.
const Allocation* around(const void* address) {
  auto at = static_cast<char*>(const_cast<void*>(address));
  auto next = live.upper_bound(at);
  if (next == live.begin()) return nullptr;
  const Allocation& candidate = std::prev(next)->second;
  return at < candidate.mapping + candidate.mapped + page() ? &candidate : nullptr;
}

// Addresses are used once around the region before any is used again: freed memory stays inaccessible for long.
char* findGap(size_t bytes) {
  size_t start = cursor;
  bool wrapped = false;
  while (true) {
    if (start + bytes > regionBytes) {
      if (wrapped) return nullptr;
      wrapped = true;
      start = 0;
      continue;
    }
    auto next = live.lower_bound(region + start);
    if (next != live.begin()) {
      const Allocation& before = std::prev(next)->second;
      char* end = before.mapping + before.mapped + page();
      if (end > region + start) {
        start = static_cast<size_t>(end - region);
        continue;
      }
    }
    if (next == live.end() || next->first >= region + start + bytes) {
      cursor = start + bytes;
      return region + start;
    }
    start = static_cast<size_t>(next->second.mapping + next->second.mapped + page() - region);
  }
}

unsigned char canaryByte(const char* at) {
  return reinterpret_cast<uintptr_t>(at) & 1 ? kCanary >> 8 : kCanary & 0xFF;
}

void fillCanary(char* from, const char* to) {
  for (; from < to; from++) *from = static_cast<char>(canaryByte(from));
}

// The slack before an allocation can be most of a page; the nearest bytes are the ones that bugs hit.
char* checkedStart(const Allocation& a) {
  return a.address - a.mapping > static_cast<ptrdiff_t>(kAlignment) ? a.address - kAlignment : a.mapping;
}

const char* damaged(const char* from, const char* to) {
  for (; from < to; from++) {
    if (static_cast<unsigned char>(*from) != canaryByte(from)) return from;
  }
  return nullptr;
}

std::string kind(const Allocation& a) {
  return (a.pinned ? "a pinned allocation of " : "a device allocation of ") + std::to_string(a.bytes) + " bytes";
}

std::string checkDamage(const Allocation& a) {
  if (const char* at = damaged(a.address + a.bytes, a.mapping + a.mapped)) {
    return "write " + std::to_string(at - a.address - static_cast<ptrdiff_t>(a.bytes)) + " bytes past the end of " + kind(a);
  }
  if (const char* at = damaged(checkedStart(a), a.address)) {
    return "write " + std::to_string(a.address - at) + " bytes before the start of " + kind(a);
  }
  return "";
}

void discard(const Allocation& a) {
  // A fresh inaccessible mapping gives the pages back and faults on any later use.
  mmap(a.mapping, a.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  freed.push_back({a.address, a.bytes});
  if (freed.size() > kQuarantine) freed.pop_front();
  used -= a.pinned ? 0 : a.bytes;
}

}  // namespace

size_t totalMemory() {
  if (limit != 0) return limit;
  static const size_t total = [] {
    const char* text = getenv("LIMBIC_SIM_MEMORY");
    size_t bytes = text == nullptr ? 0 : strtoull(text, nullptr, 10);
    return bytes == 0 ? size_t{4} << 30 : bytes;
  }();
  return total;
}

size_t freeMemory() {
  std::lock_guard<std::mutex> lock(mutex);
  return totalMemory() > used ? totalMemory() - used : 0;
}

int allocate(Context* context, size_t bytes, bool pinned, void** address) {
  std::lock_guard<std::mutex> lock(mutex);
  if (address == nullptr || bytes == 0) return kInvalidValue;
  reserveRegion();
  // What is pinned is memory of the host.
  if (!pinned && (bytes > totalMemory() || used > totalMemory() - bytes)) return kOutOfMemory;
  size_t mapped = roundUp(roundUp(bytes, kAlignment) + kAlignment, page());
  char* mapping = findGap(mapped + page());
  if (mapping == nullptr || mprotect(mapping, mapped, PROT_READ | PROT_WRITE) != 0) return kOutOfMemory;
  char* start = mapping + mapped - roundUp(bytes, kAlignment);
  Allocation a{context, mapping, mapped, start, bytes, pinned};
  fillCanary(checkedStart(a), start);
  memset(start, kPoison, bytes);
  fillCanary(start + bytes, mapping + mapped);
  live.emplace(mapping, a);
  used += pinned ? 0 : bytes;
  *address = start;
  return kSuccess;
}

int release(Context* context, void* address, bool pinned) {
  std::string damage;
  {
    std::lock_guard<std::mutex> lock(mutex);
    const Allocation* found = around(address);
    if (found == nullptr || found->address != address || found->pinned != pinned) return kInvalidValue;
    damage = checkDamage(*found);
    Allocation a = *found;
    live.erase(a.mapping);
    discard(a);
  }
  if (damage.empty()) return kSuccess;
  failContext(context, kIllegalAddress, damage);
  return kIllegalAddress;
}

// Work that is under way may use the memory; the driver waits for it, and programs rely on that.
int releaseWhenIdle(Call& call, void* address, bool pinned) {
  drain(call.lock, call.context);
  int status = settle(call.context);
  return status != kSuccess ? status : release(call.context, address, pinned);
}

size_t releaseAll(Context* context) {
  std::lock_guard<std::mutex> lock(mutex);
  size_t count = 0;
  for (auto entry = live.begin(); entry != live.end();) {
    if (entry->second.context != context) {
      ++entry;
      continue;
    }
    discard(entry->second);
    entry = live.erase(entry);
    count++;
  }
  return count;
}

static bool inside(const void* address, size_t bytes, bool pinned) {
  std::lock_guard<std::mutex> lock(mutex);
  const Allocation* found = around(address);
  auto at = static_cast<const char*>(address);
  return found != nullptr && found->pinned == pinned && at >= found->address && at <= found->address + found->bytes
      && bytes <= static_cast<size_t>(found->address + found->bytes - at);
}

bool ownsDevice(const void* address, size_t bytes) { return inside(address, bytes, false); }

bool isPinned(const void* address, size_t bytes) { return inside(address, bytes, true); }

bool inRegion(const void* address) {
  auto at = static_cast<const char*>(address);
  return region != nullptr && at >= region && at < region + regionBytes;
}

std::string describeAddress(const void* address) {
  char text[32];
  snprintf(text, sizeof text, "%p, ", address);
  std::lock_guard<std::mutex> lock(mutex);
  auto at = static_cast<const char*>(address);
  if (const Allocation* a = around(address)) {
    if (at >= a->address + a->bytes) {
      return text + std::to_string(at - a->address - static_cast<ptrdiff_t>(a->bytes)) + " bytes past the end of " + kind(*a);
    }
    if (at >= a->address) return text + std::string("in ") + kind(*a);
  }
  for (auto f = freed.rbegin(); f != freed.rend(); ++f) {
    if (at >= f->address && at < f->address + f->bytes) {
      return text + std::string("in an allocation of ") + std::to_string(f->bytes) + " bytes that was freed";
    }
  }
  return text + std::string(inRegion(address) ? "in no allocation" : "outside of the device's memory");
}

std::string findDamage(const Context* context) {
  std::lock_guard<std::mutex> lock(mutex);
  for (auto& entry : live) {
    if (entry.second.context != context) continue;
    std::string damage = checkDamage(entry.second);
    if (!damage.empty()) return damage;
  }
  return "";
}

long long liveAllocations() {
  std::lock_guard<std::mutex> lock(mutex);
  return static_cast<long long>(live.size());
}

}  // namespace sim

SIM_EXPORT int limbicSimOwns(const void* address, size_t bytes) { return sim::ownsDevice(address, bytes); }

SIM_EXPORT void limbicSimLimitMemory(size_t bytes) {
  std::lock_guard<std::mutex> lock(sim::mutex);
  sim::limit = bytes;
}

SIM_EXPORT long long limbicSimLiveAllocations() { return sim::liveAllocations(); }

SIM_EXPORT int cuMemAlloc_v2(unsigned long long* address, size_t bytes) {
  sim::Call call;
  if (call.status) return call.status;
  if (int refused = sim::forbidInCapture(call.context)) return refused;
  return sim::allocate(call.context, bytes, false, reinterpret_cast<void**>(address));
}

SIM_EXPORT int cuMemFree_v2(unsigned long long address) {
  sim::Call call;
  if (call.status) return call.status;
  if (address == 0) return sim::kSuccess;
  if (int refused = sim::forbidInCapture(call.context)) return refused;
  return sim::releaseWhenIdle(call, reinterpret_cast<void*>(address), false);
}

SIM_EXPORT int cuMemHostAlloc(void** address, size_t bytes, unsigned flags) {
  sim::Call call;
  if (call.status) return call.status;
  if (flags > 7) return sim::kInvalidValue;
  if (int refused = sim::forbidInCapture(call.context)) return refused;
  return sim::allocate(call.context, bytes, true, address);
}

SIM_EXPORT int cuMemAllocHost_v2(void** address, size_t bytes) { return cuMemHostAlloc(address, bytes, 0); }

SIM_EXPORT int cuMemFreeHost(void* address) {
  sim::Call call;
  if (call.status) return call.status;
  if (int refused = sim::forbidInCapture(call.context)) return refused;
  return sim::releaseWhenIdle(call, address, true);
}

SIM_EXPORT int cuMemGetInfo_v2(size_t* free, size_t* total) {
  sim::Call call;
  if (call.status) return call.status;
  if (free == nullptr || total == nullptr) return sim::kInvalidValue;
  *free = sim::freeMemory();
  *total = sim::totalMemory();
  return sim::kSuccess;
}
