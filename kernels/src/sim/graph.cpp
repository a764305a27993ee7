// Capture of streams into graphs, and their replay.
#include <algorithm>

#include "internal.h"

namespace sim {

namespace {

enum { kGlobal = 0, kThreadLocal = 1, kRelaxed = 2 };

void leaveCapture(const std::shared_ptr<Capture>& capture) {
  for (auto& stream : capture->joined) {
    if (stream->capture == capture) stream->capture = nullptr;
  }
}

}  // namespace

int invalidate(const std::shared_ptr<Capture>& capture, int status) {
  if (capture->invalid) return kCaptureInvalidated;
  capture->invalid = true;
  noteFault("stream capture invalidated by a call that a graph cannot hold (CUresult " + std::to_string(status) + ")");
  return status;
}

int forbidInCapture(const Context* context) {
  for (auto& entry : driver().streams.all()) {
    const std::shared_ptr<Capture>& capture = entry.second->capture;
    if (entry.second->context != context || capture == nullptr || capture->mode == kRelaxed) continue;
    if (capture->mode == kThreadLocal && capture->thread != std::this_thread::get_id()) continue;
    return invalidate(capture, kCaptureUnsupported);
  }
  return kSuccess;
}

}  // namespace sim

using namespace sim;

SIM_EXPORT int cuStreamBeginCapture_v2(void* handle, int mode) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (mode < kGlobal || mode > kRelaxed) return kInvalidValue;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  if (stream->legacy) return kCaptureUnsupported;
  if (stream->capture != nullptr) return 401;
  auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->joined.push_back(stream);
  stream->captureOps = stream->joinedOps = 0;
  stream->capture = std::move(capture);
  return kSuccess;
}

SIM_EXPORT int cuStreamEndCapture(void* handle, void** graphHandle) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (graphHandle == nullptr) return kInvalidValue;
  *graphHandle = nullptr;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  std::shared_ptr<Capture> capture = stream->capture;
  if (capture == nullptr) return 401;
  if (capture->origin != stream) return invalidate(capture, kCaptureUnmatched);
  if (capture->mode != kRelaxed && capture->thread != std::this_thread::get_id()) return kCaptureWrongThread;
  leaveCapture(capture);
  capture->origin = nullptr;
  if (capture->invalid) return kCaptureInvalidated;
  bool joined = std::all_of(capture->joined.begin(), capture->joined.end(),
                            [&](const auto& other) { return other == stream || other->joinedOps == other->captureOps; });
  if (!joined) return kCaptureUnjoined;
  auto graph = std::make_shared<Graph>();
  graph->context = call.context;
  graph->nodes = capture->nodes;
  *graphHandle = driver().graphs.add(std::move(graph));
  return kSuccess;
}

SIM_EXPORT int cuStreamIsCapturing(void* handle, int* state) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (state == nullptr) return kInvalidValue;
  std::shared_ptr<Stream> stream = findStream(call, handle, &status);
  if (stream == nullptr) return status;
  *state = stream->capture == nullptr ? 0 : stream->capture->invalid ? 2 : 1;
  return kSuccess;
}

SIM_EXPORT int cuThreadExchangeStreamCaptureMode(int* mode) {
  static thread_local int current = kGlobal;
  if (mode == nullptr) return kInvalidValue;
  std::swap(current, *mode);
  return kSuccess;
}

SIM_EXPORT int cuGraphGetNodes(void* handle, void** nodes, size_t* count) {
  Call call;
  if (call.status) return call.status;
  std::shared_ptr<Graph> graph = driver().graphs.find(handle);
  if (graph == nullptr || count == nullptr) return kInvalidValue;
  if (nodes != nullptr) {
    for (size_t i = 0; i < *count; i++) nodes[i] = i < graph->nodes.size() ? graph->nodes[i].get() : nullptr;
  }
  *count = nodes == nullptr ? graph->nodes.size() : std::min(*count, graph->nodes.size());
  return kSuccess;
}

SIM_EXPORT int cuGraphInstantiateWithFlags(void** execHandle, void* handle, unsigned long long) {
  Call call;
  if (call.status) return call.status;
  std::shared_ptr<Graph> graph = driver().graphs.find(handle);
  if (graph == nullptr || execHandle == nullptr) return kInvalidValue;
  auto exec = std::make_shared<GraphExec>();
  exec->context = call.context;
  exec->nodes = graph->nodes;
  *execHandle = driver().execs.add(std::move(exec));
  return kSuccess;
}

SIM_EXPORT int cuGraphUpload(void* handle, void* streamHandle) {
  Call call;
  int status = call.status;
  if (status) return status;
  if (driver().execs.find(handle) == nullptr) return kInvalidValue;
  return findStream(call, streamHandle, &status) == nullptr ? status : int{kSuccess};
}

SIM_EXPORT int cuGraphLaunch(void* handle, void* streamHandle) {
  Call call;
  int status = call.status;
  if (status) return status;
  std::shared_ptr<GraphExec> exec = driver().execs.find(handle);
  if (exec == nullptr) return kInvalidValue;
  std::shared_ptr<Stream> stream = findStream(call, streamHandle, &status);
  if (stream == nullptr) return status;
  for (auto& node : exec->nodes) {
    status = enqueue(stream, node);
    if (status) return status;
  }
  return kSuccess;
}

SIM_EXPORT int cuGraphExecDestroy(void* handle) {
  Call call;
  if (call.status) return call.status;
  return driver().execs.remove(handle) ? kSuccess : kInvalidValue;
}

SIM_EXPORT int cuGraphDestroy(void* handle) {
  Call call;
  if (call.status) return call.status;
  return driver().graphs.remove(handle) ? kSuccess : kInvalidValue;
}
