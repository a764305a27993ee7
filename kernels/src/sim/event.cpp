// Events.
#include "internal.h"

using namespace sim;

namespace {

enum { kBlockingSync = 1, kDisableTiming = 2, kInterprocess = 4 };

std::shared_ptr<Event> find(const Call& call, void* handle, int* status) {
  std::shared_ptr<Event> event = driver().events.find(handle);
  if (event == nullptr) {
    *status = kInvalidHandle;
  } else if (event->context != call.context) {
    *status = kInvalidContext;
    event = nullptr;
  }
  return event;
}

}  // namespace

SIM_EXPORT int cuEventCreate(void** handle, unsigned flags) {
  Call call;
  if (call.status) return call.status;
  if (handle == nullptr || flags > (kBlockingSync | kDisableTiming | kInterprocess)) return kInvalidValue;
  auto event = std::make_shared<Event>();
  event->context = call.context;
  event->timing = (flags & kDisableTiming) == 0;
  *handle = driver().events.add(std::move(event));
  return kSuccess;
}

SIM_EXPORT int cuEventDestroy_v2(void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (find(call, handle, &status) == nullptr) return status;
  driver().events.remove(handle);
  return kSuccess;
}

SIM_EXPORT int cuEventRecord(void* handle, void* streamHandle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Event> event = find(call, handle, &status);
  if (event == nullptr) return status;
  std::shared_ptr<Stream> stream = findStream(call, streamHandle, &status);
  if (stream == nullptr) return status;
  if (stream->capture != nullptr) {
    if (stream->capture->invalid) return kCaptureInvalidated;
    event->capture = stream->capture;
    event->captureStream = stream;
    event->captureOps = stream->captureOps;
    return kSuccess;
  }
  event->capture.reset();
  Item item;
  item.generation = ++event->recorded;
  item.record = std::move(event);
  return submit(stream, std::move(item));
}

SIM_EXPORT int cuEventRecordWithFlags(void* handle, void* stream, unsigned) { return cuEventRecord(handle, stream); }

SIM_EXPORT int cuStreamWaitEvent(void* streamHandle, void* handle, unsigned flags) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (flags > 1) return kInvalidValue;
  std::shared_ptr<Event> event = find(call, handle, &status);
  if (event == nullptr) return status;
  std::shared_ptr<Stream> stream = findStream(call, streamHandle, &status);
  if (stream == nullptr) return status;
  if (std::shared_ptr<Capture> capture = event->capture.lock()) {
    if (capture->invalid) return kCaptureInvalidated;
    if (stream->legacy) return invalidate(capture, kCaptureUnsupported);
    if (stream->capture != nullptr && stream->capture != capture) {
      invalidate(stream->capture, kCaptureMerge);
      return invalidate(capture, kCaptureMerge);
    }
    if (stream->capture == nullptr) {
      stream->capture = capture;
      stream->captureOps = 1;
      stream->joinedOps = 0;
      capture->joined.push_back(stream);
    }
    if (std::shared_ptr<Stream> from = event->captureStream.lock()) {
      if (event->captureOps > from->joinedOps) from->joinedOps = event->captureOps;
    }
    return kSuccess;
  }
  // Work outside of the capture cannot be waited for by a graph.
  if (stream->capture != nullptr) return invalidate(stream->capture, 905);
  if (event->recorded == 0) return kSuccess;
  Item item;
  item.generation = event->recorded;
  item.wait = std::move(event);
  return submit(stream, std::move(item));
}

SIM_EXPORT int cuEventQuery(void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Event> event = find(call, handle, &status);
  if (event == nullptr) return status;
  if (std::shared_ptr<Capture> capture = event->capture.lock()) return invalidate(capture, kCapturedEvent);
  if (event->completed >= event->recorded) return kSuccess;
  nudge();
  return kNotReady;
}

SIM_EXPORT int cuEventSynchronize(void* handle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<Event> event = find(call, handle, &status);
  if (event == nullptr) return status;
  if (std::shared_ptr<Capture> capture = event->capture.lock()) return invalidate(capture, kCapturedEvent);
  uint64_t generation = event->recorded;
  await(call.lock, [&] { return event->completed >= generation; });
  return settle(call.context);
}

SIM_EXPORT int cuEventElapsedTime(float* milliseconds, void* startHandle, void* endHandle) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (milliseconds == nullptr) return kInvalidValue;
  std::shared_ptr<Event> start = find(call, startHandle, &status);
  std::shared_ptr<Event> end = find(call, endHandle, &status);
  if (start == nullptr || end == nullptr) return status;
  if (!start->timing || !end->timing || start->recorded == 0 || end->recorded == 0) return kInvalidHandle;
  if (start->completed < start->recorded || end->completed < end->recorded) {
    nudge();
    return kNotReady;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return kSuccess;
}
