// The one device: what it says of itself. Its limits are those of a chip of compute capability 9.0, also when a test lets it
// pass for another.
#include <string.h>

#include <atomic>
#include <unordered_map>

#include "runner.h"

using namespace sim;

namespace {

constexpr char kName[] = "Limbic CUDA simulator";

// Compute capability as two digits.
constexpr int kChip = 90;
std::atomic<int> chip{kChip};
constexpr int kMajor = 75;
constexpr int kMinor = 76;

int ready() {
  std::lock_guard<std::mutex> lock(driver().mutex);
  return driver().initialised ? kSuccess : kNotInitialized;
}

int check(int device, const void* result) {
  if (int status = ready()) return status;
  return result == nullptr ? kInvalidValue : device == 0 ? kSuccess : kInvalidDevice;
}

const std::unordered_map<int, int>& attributes() {
  static const std::unordered_map<int, int> values = {
      {1, 1024},  // threads of a block, then its dimensions, then those of a grid
      {2, 1024},
      {3, 1024},
      {4, 64},
      {5, 0x7fffffff},
      {6, 65535},
      {7, 65535},
      {8, 48 * 1024},  // shared memory of a block without the opt-in
      {9, 64 * 1024},  // constant memory
      {10, 32},        // warp
      {11, 0x7fffffff},
      {12, 65536},     // registers of a block
      {13, 1000000},   // clock in kHz
      {14, 512},       // alignment of textures
      {15, 1},         // copies beside kernels
      {16, 4},         // multiprocessors
      {17, 0},         // no limit of run time
      {18, 0},         // not integrated
      {19, 1},         // maps host memory
      {20, 0},         // compute mode
      {31, 1},         // kernels side by side
      {32, 0},         // no ECC
      {33, 0},         // PCI bus and device
      {34, 0},
      {35, 0},
      {36, 1000000},   // memory clock in kHz
      {37, 64},        // width of the bus
      {38, 4 << 20},   // second level cache
      {39, 2048},      // threads of a multiprocessor
      {40, 2},         // copy engines
      {41, 1},         // unified addresses
      {50, 0},         // PCI domain
      {78, 1},         // stream priorities
      {81, static_cast<int>(kMaxShared) + 1024},
      {82, 65536},
      {83, 0},         // no managed memory
      {95, 0},         // no cooperative launch
      {97, static_cast<int>(kMaxShared)},  // shared memory of a block with the opt-in
      {106, 32},       // blocks of a multiprocessor
      {115, 0},        // no memory pools
  };
  return values;
}

}  // namespace

SIM_EXPORT int cuDriverGetVersion(int* version) {
  if (version == nullptr) return kInvalidValue;
  *version = 12060;
  return kSuccess;
}

SIM_EXPORT int cuDeviceGetCount(int* count) {
  if (int status = ready()) return status;
  if (count == nullptr) return kInvalidValue;
  *count = 1;
  return kSuccess;
}

SIM_EXPORT int cuDeviceGet(int* device, int ordinal) {
  if (int status = check(ordinal, device)) return status;
  *device = 0;
  return kSuccess;
}

SIM_EXPORT int cuDeviceGetName(char* name, int length, int device) {
  if (int status = check(device, name)) return status;
  if (length <= 0) return kInvalidValue;
  strncpy(name, kName, static_cast<size_t>(length));
  name[length - 1] = 0;
  return kSuccess;
}

SIM_EXPORT int cuDeviceGetAttribute(int* value, int attribute, int device) {
  if (int status = check(device, value)) return status;
  if (attribute == kMajor || attribute == kMinor) {
    *value = attribute == kMajor ? chip / 10 : chip % 10;
    return kSuccess;
  }
  auto found = attributes().find(attribute);
  if (found == attributes().end()) {
    noteFault("the simulator does not know device attribute " + std::to_string(attribute));
    return kInvalidValue;
  }
  *value = found->second;
  return kSuccess;
}

SIM_EXPORT int cuDeviceComputeCapability(int* major, int* minor, int device) {
  if (int status = check(device, major)) return status;
  if (minor == nullptr) return kInvalidValue;
  *major = chip / 10;
  *minor = chip % 10;
  return kSuccess;
}

SIM_EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  if (int status = check(device, bytes)) return status;
  *bytes = totalMemory();
  return kSuccess;
}

SIM_EXPORT int cuDeviceGetUuid(char* uuid, int device) {
  if (int status = check(device, uuid)) return status;
  memcpy(uuid, "limbic-simulator", 16);
  return kSuccess;
}

SIM_EXPORT void limbicSimSetChip(int capability) { chip = capability == 0 ? kChip : capability; }

SIM_EXPORT int limbicSimChip() { return chip; }
