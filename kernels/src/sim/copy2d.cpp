// Copies of rectangles between pitched memories.
#include <string.h>

#include "internal.h"

using namespace sim;

namespace {

enum Kind : unsigned { kHost = 1, kDevice = 2, kArray = 3, kUnified = 4 };

// CUDA_MEMCPY2D of cuda.h.
struct Rectangle {
  size_t fromX, fromY;
  unsigned fromKind;
  const void* fromHost;
  unsigned long long fromDevice;
  void* fromArray;
  size_t fromPitch;
  size_t toX, toY;
  unsigned toKind;
  void* toHost;
  unsigned long long toDevice;
  void* toArray;
  size_t toPitch;
  size_t width, height;
};

struct Side {
  char* start;
  size_t pitch;
  bool device;
};

Side side(unsigned kind, const void* host, unsigned long long device, size_t pitch, size_t x, size_t y, size_t width) {
  auto base = kind == kHost ? static_cast<char*>(const_cast<void*>(host)) : reinterpret_cast<char*>(device);
  if (pitch == 0) pitch = width;
  // A unified address is on the device if the device owns it.
  bool onDevice = kind == kDevice || (kind == kUnified && ownsDevice(base, 1));
  return {base + y * pitch + x, pitch, onDevice};
}

// From the first byte of the rectangle to the last.
size_t extent(const Side& s, size_t width, size_t height) { return (height - 1) * s.pitch + width; }

struct Plan {
  Side from, to;
  size_t width, height;
};

std::string wrong(const Plan& p) {
  for (const Side* s : {&p.from, &p.to}) {
    if (s->device && !ownsDevice(s->start, extent(*s, p.width, p.height))) {
      return std::string("cuMemcpy2D: ") + (s == &p.from ? "source: " : "destination: ") + describeAddress(s->start);
    }
  }
  return "";
}

void perform(const Plan& p) {
  std::string text = wrong(p);
  if (!text.empty()) {
    noteFault(text);
    abandonWork(kIllegalAddress);
  }
  for (size_t row = 0; row < p.height; row++) {
    memmove(p.to.start + row * p.to.pitch, p.from.start + row * p.from.pitch, p.width);
  }
}

int plan(const Rectangle* r, Plan* p) {
  if (r == nullptr) return kInvalidValue;
  for (unsigned kind : {r->fromKind, r->toKind}) {
    if (kind == kArray) return kNotSupported;
    if (kind < kHost || kind > kUnified) return kInvalidValue;
  }
  p->width = r->width;
  p->height = r->height;
  p->from = side(r->fromKind, r->fromHost, r->fromDevice, r->fromPitch, r->fromX, r->fromY, r->width);
  p->to = side(r->toKind, r->toHost, r->toDevice, r->toPitch, r->toX, r->toY, r->width);
  if (p->width == 0 || p->height == 0) return kSuccess;
  if (p->from.pitch < r->fromX + r->width || p->to.pitch < r->toX + r->width) {
    noteFault("cuMemcpy2D refused: a row is wider than the pitch");
    return kInvalidValue;
  }
  std::string text = wrong(*p);
  if (text.empty()) return kSuccess;
  noteFault(text + " (refused)");
  return kInvalidValue;
}

std::shared_ptr<Work> workOf(const Plan& p) {
  auto work = std::make_shared<Work>();
  work->name = "cuMemcpy2D";
  work->run = [p] { perform(p); };
  work->lazy = !p.from.device || !p.to.device;
  return work;
}

int copy(const Rectangle* rectangle, void* handle, bool wait) {
  Call call;
  int status = call.status;
  if (status) return status;
  Plan p{};
  if ((status = plan(rectangle, &p))) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (wait) {
    if (int refused = forbidInCapture(call.context)) return refused;
  }
  if (p.width == 0 || p.height == 0) return kSuccess;
  // The driver may copy pageable memory at once or later; a graph cannot hold such a copy.
  for (const Side* s : {&p.from, &p.to}) {
    if (s->device || isPinned(s->start, extent(*s, p.width, p.height))) continue;
    if (stream->capture != nullptr) return invalidate(stream->capture, kCaptureUnsupported);
    wait = true;
  }
  if ((status = enqueue(stream, workOf(p)))) return status;
  if (!wait) return kSuccess;
  await(call.lock, [&] { return stream->idle(); });
  return settle(call.context);
}

}  // namespace

SIM_EXPORT int cuMemcpy2D_v2(const Rectangle* rectangle) { return copy(rectangle, nullptr, true); }

SIM_EXPORT int cuMemcpy2DUnaligned_v2(const Rectangle* rectangle) { return copy(rectangle, nullptr, true); }

SIM_EXPORT int cuMemcpy2DAsync_v2(const Rectangle* rectangle, void* stream) { return copy(rectangle, stream, false); }
