// Streams, and putting work on them.
#include "internal.h"

namespace sim {

std::shared_ptr<Stream> findStream(const Call& call, void* handle, int* status) {
  // 0 is the default stream; 1 and 2 name it, or the thread's own one, which is the same here.
  if (reinterpret_cast<uintptr_t>(handle) <= 2) return call.context->legacy;
  std::shared_ptr<Stream> stream = driver().streams.find(handle);
  if (stream == nullptr || stream->context != call.context) {
    *status = stream == nullptr ? kInvalidHandle : kInvalidContext;
    return nullptr;
  }
  return stream;
}

int enqueue(const std::shared_ptr<Stream>& stream, std::shared_ptr<Work> work) {
  if (stream->capture != nullptr) {
    if (stream->capture->invalid) return kCaptureInvalidated;
    stream->capture->nodes.push_back(std::move(work));
    stream->captureOps++;
    return kSuccess;
  }
  if (stream->legacy) {
    // The default stream would wait for the capturing stream, which does not run.
    for (auto& entry : driver().streams.all()) {
      Stream& other = *entry.second;
      if (other.context == stream->context && other.blocking && other.capture != nullptr) {
        return invalidate(other.capture, kCaptureImplicit);
      }
    }
  }
  Item item;
  item.work = std::move(work);
  return submit(stream, std::move(item));
}

int settle(Context* context) {
  if (driver().contexts.count(context) == 0) return kInvalidContext;
  if (context->error == 0) {
    std::string damage = findDamage(context);
    if (!damage.empty()) failContext(context, kIllegalAddress, damage);
  }
  return context->error;
}

}  // namespace sim

using namespace sim;

SIM_EXPORT int cuStreamCreate(void** handle, unsigned flags) {
  Call call;
  if (call.status) return call.status;
  if (handle == nullptr || flags > 1) return kInvalidValue;
  auto stream = std::make_shared<Stream>();
  stream->context = call.context;
  stream->blocking = flags == 0;
  *handle = driver().streams.add(std::move(stream));
  return kSuccess;
}

SIM_EXPORT int cuStreamCreateWithPriority(void** handle, unsigned flags, int) { return cuStreamCreate(handle, flags); }

SIM_EXPORT int cuStreamDestroy_v2(void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (stream->legacy) return kInvalidHandle;
  if (stream->capture != nullptr) {
    invalidate(stream->capture, kCaptureUnsupported);
    stream->capture = nullptr;
  }
  await(call.lock, [&] { return stream->idle(); });
  driver().streams.remove(handle);
  return kSuccess;
}

SIM_EXPORT int cuStreamSynchronize(void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (stream->capture != nullptr) return invalidate(stream->capture, kCaptureUnsupported);
  if (stream->legacy) {
    if (int refused = forbidInCapture(call.context)) return refused;
  }
  await(call.lock, [&] { return stream->idle(); });
  return settle(call.context);
}

SIM_EXPORT int cuStreamQuery(void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (stream->capture != nullptr) return invalidate(stream->capture, kCaptureUnsupported);
  if (stream->idle()) return settle(call.context);
  nudge();
  return kNotReady;
}

SIM_EXPORT int cuStreamGetFlags(void* handle, unsigned* flags) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (flags == nullptr) return kInvalidValue;
  *flags = stream->blocking ? 0 : 1;
  return kSuccess;
}

SIM_EXPORT int cuStreamGetCtx(void* handle, void** context) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (context == nullptr) return kInvalidValue;
  *context = stream->context;
  return kSuccess;
}

SIM_EXPORT int limbicSimEnqueue(void* handle, void (*run)(void*), void* argument, void (*dispose)(void*)) {
  auto work = std::make_shared<Work>();
  work->name = "library call";
  work->run = [run, argument] { run(argument); };
  if (dispose != nullptr) {
    work->dispose = [dispose, argument] { dispose(argument); };
  }
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  return stream == nullptr ? status : enqueue(stream, std::move(work));
}

SIM_EXPORT int cuLaunchHostFunc(void* handle, void (*run)(void*), void* argument) {
  if (run == nullptr) return kInvalidValue;
  int status = limbicSimEnqueue(handle, run, argument, nullptr);
  std::lock_guard<std::mutex> lock(driver().mutex);
  // Whoever asks to be called waits for the call.
  nudge();
  return status;
}
