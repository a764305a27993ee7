// Copies and fills.
#include <string.h>

#include "internal.h"

using namespace sim;

namespace {

using Pointer = unsigned long long;

void* at(Pointer address) { return reinterpret_cast<void*>(address); }

// Memory of the device that a queued copy needs must still be there when it runs.
void requireDevice(const void* address, size_t bytes, const char* name) {
  if (ownsDevice(address, bytes)) return;
  noteFault(std::string(name) + " of " + std::to_string(bytes) + " bytes: " + describeAddress(address));
  abandonWork(kIllegalAddress);
}

int refuse(const char* name, const void* address, size_t bytes) {
  noteFault(std::string(name) + " of " + std::to_string(bytes) + " bytes refused: " + describeAddress(address));
  return kInvalidValue;
}

struct Transfer {
  const char* name;
  void* to;
  const void* from;
  size_t bytes;
  bool toDevice;
  bool fromDevice;
};

void perform(const Transfer& t) {
  if (t.toDevice) requireDevice(t.to, t.bytes, t.name);
  if (t.fromDevice) requireDevice(t.from, t.bytes, t.name);
  memmove(t.to, t.from, t.bytes);
}

std::shared_ptr<Work> workOf(const Transfer& t) {
  auto work = std::make_shared<Work>();
  work->name = t.name;
  work->run = [t] { perform(t); };
  work->lazy = !t.toDevice || !t.fromDevice;
  return work;
}

int check(const Transfer& t) {
  if (t.bytes == 0) return kSuccess;
  if (t.toDevice && !ownsDevice(t.to, t.bytes)) return refuse(t.name, t.to, t.bytes);
  if (t.fromDevice && !ownsDevice(t.from, t.bytes)) return refuse(t.name, t.from, t.bytes);
  if (t.to == nullptr || t.from == nullptr) return kInvalidValue;
  return kSuccess;
}

int copyNow(const Transfer& t) {
  Call call;
  if (call.status) return call.status;
  if (int wrong = check(t)) return wrong;
  if (int refused = forbidInCapture(call.context)) return refused;
  if (t.bytes == 0) return kSuccess;
  if (int status = enqueue(call.context->legacy, workOf(t))) return status;
  std::shared_ptr<Stream> stream = call.context->legacy;
  await(call.lock, [&] { return stream->idle(); });
  return settle(call.context);
}

int copyLater(const Transfer& t, void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (int wrong = check(t)) return wrong;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (t.bytes == 0) return kSuccess;
  bool pageable = (!t.toDevice && !isPinned(t.to, t.bytes)) || (!t.fromDevice && !isPinned(t.from, t.bytes));
  if (!pageable) return enqueue(stream, workOf(t));
  // Pageable memory is staged: its owner may change it as soon as the call is back.
  if (stream->capture != nullptr) return invalidate(stream->capture, kCaptureUnsupported);
  if (t.toDevice) {
    auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(t.from),
                                                      static_cast<const char*>(t.from) + t.bytes);
    std::shared_ptr<Work> work = workOf(t);
    work->lazy = false;
    work->run = [t, staged] {
      Transfer fromStage = t;
      fromStage.from = staged->data();
      perform(fromStage);
    };
    return enqueue(stream, std::move(work));
  }
  if ((status = enqueue(stream, workOf(t)))) return status;
  await(call.lock, [&] { return stream->idle(); });
  return settle(call.context);
}

// Fills `count` elements of `width` bytes.
struct Fill {
  void* to;
  unsigned value;
  size_t width;
  size_t count;
};

int fill(const Fill& f, void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (f.count == 0) return kSuccess;
  if (reinterpret_cast<uintptr_t>(f.to) % f.width != 0) return kInvalidValue;
  if (!ownsDevice(f.to, f.width * f.count)) return refuse("memset", f.to, f.width * f.count);
  auto work = std::make_shared<Work>();
  work->name = "memset";
  work->run = [f] {
    requireDevice(f.to, f.width * f.count, "memset");
    auto to = static_cast<char*>(f.to);
    for (size_t i = 0; i < f.count; i++) memcpy(to + i * f.width, &f.value, f.width);
  };
  return enqueue(stream, std::move(work));
}

int fillOn(Pointer to, unsigned value, size_t width, size_t count, void* stream) {
  return fill({at(to), value, width, count}, stream);
}

// The default stream, but an error inside a capture as for other calls that are not asynchronous.
int fillNow(Pointer to, unsigned value, size_t width, size_t count) {
  {
    Call call;
    if (call.status) return call.status;
    if (int refused = forbidInCapture(call.context)) return refused;
  }
  return fillOn(to, value, width, count, nullptr);
}

}  // namespace

SIM_EXPORT int cuMemcpyHtoD_v2(Pointer to, const void* from, size_t bytes) {
  return copyNow({"cuMemcpyHtoD", at(to), from, bytes, true, false});
}

SIM_EXPORT int cuMemcpyDtoH_v2(void* to, Pointer from, size_t bytes) {
  return copyNow({"cuMemcpyDtoH", to, at(from), bytes, false, true});
}

SIM_EXPORT int cuMemcpyDtoD_v2(Pointer to, Pointer from, size_t bytes) {
  return copyNow({"cuMemcpyDtoD", at(to), at(from), bytes, true, true});
}

SIM_EXPORT int cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t bytes, void* stream) {
  return copyLater({"cuMemcpyHtoDAsync", at(to), from, bytes, true, false}, stream);
}

SIM_EXPORT int cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t bytes, void* stream) {
  return copyLater({"cuMemcpyDtoHAsync", to, at(from), bytes, false, true}, stream);
}

SIM_EXPORT int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void* stream) {
  return copyLater({"cuMemcpyDtoDAsync", at(to), at(from), bytes, true, true}, stream);
}

SIM_EXPORT int cuMemsetD8_v2(Pointer to, unsigned char value, size_t count) { return fillNow(to, value, 1, count); }
SIM_EXPORT int cuMemsetD16_v2(Pointer to, unsigned short value, size_t count) { return fillNow(to, value, 2, count); }
SIM_EXPORT int cuMemsetD32_v2(Pointer to, unsigned value, size_t count) { return fillNow(to, value, 4, count); }

SIM_EXPORT int cuMemsetD8Async(Pointer to, unsigned char value, size_t count, void* stream) {
  return fillOn(to, value, 1, count, stream);
}

SIM_EXPORT int cuMemsetD16Async(Pointer to, unsigned short value, size_t count, void* stream) {
  return fillOn(to, value, 2, count, stream);
}

SIM_EXPORT int cuMemsetD32Async(Pointer to, unsigned value, size_t count, void* stream) {
  return fillOn(to, value, 4, count, stream);
}
