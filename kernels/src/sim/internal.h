// What the files of the simulated driver share. One mutex guards all of it; the worker lets go of it while it runs an item.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "kernel_abi.h"
#include "sim.h"
#include "status.h"

#define SIM_EXPORT extern "C" __attribute__((visibility("default")))

namespace sim {

using Clock = std::chrono::steady_clock;

struct Stream;

struct Context {
  int error = 0;
  unsigned flags = 0;
  std::shared_ptr<Stream> legacy;
};

// Something to run on the worker, once or (in a graph) many times.
struct Work {
  std::string name;
  std::function<void()> run;
  std::function<void()> dispose;
  // The host can see when it ran: it is held back until somebody waits, so that a missing synchronise shows.
  bool lazy = false;
  ~Work() {
    if (dispose) dispose();
  }
};

struct Capture {
  std::shared_ptr<Stream> origin;
  int mode = 0;
  std::thread::id thread;
  bool invalid = false;
  std::vector<std::shared_ptr<Work>> nodes;
  std::vector<std::shared_ptr<Stream>> joined;
};

struct Event {
  Context* context = nullptr;
  bool timing = true;
  uint64_t recorded = 0;
  uint64_t completed = 0;
  Clock::time_point time;
  // Set while the last record was captured.
  std::weak_ptr<Capture> capture;
  std::weak_ptr<Stream> captureStream;
  size_t captureOps = 0;
};

struct Item {
  std::shared_ptr<Work> work;
  std::shared_ptr<Event> record;
  std::shared_ptr<Event> wait;
  uint64_t generation = 0;
  uint64_t sequence = 0;
  Clock::time_point enqueued;
};

struct Stream {
  Context* context = nullptr;
  bool legacy = false;
  bool blocking = true;
  bool busy = false;
  std::deque<Item> queue;
  std::shared_ptr<Capture> capture;
  size_t captureOps = 0;
  size_t joinedOps = 0;
  bool idle() const { return queue.empty() && !busy; }
};

struct Module {
  Context* context = nullptr;
  void* library = nullptr;
  int file = -1;
  const LimbicSimModule* table = nullptr;
  ~Module();
};

struct Function {
  std::shared_ptr<Module> module;
  const LimbicSimKernel* kernel = nullptr;
  unsigned maxDynamicShared = 48 * 1024;
};

struct Graph {
  Context* context = nullptr;
  std::vector<std::shared_ptr<Work>> nodes;
};

struct GraphExec {
  Context* context = nullptr;
  std::vector<std::shared_ptr<Work>> nodes;
};

// Handles that the caller holds; a handle is the object's address, and only what is in here is ever dereferenced.
template <class T>
class Registry {
 public:
  T* add(std::shared_ptr<T> object) {
    T* raw = object.get();
    objects_[raw] = std::move(object);
    return raw;
  }
  std::shared_ptr<T> find(const void* handle) const {
    auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }
  bool remove(const void* handle) { return objects_.erase(handle) != 0; }
  size_t removeAll(const Context* context) {
    size_t before = objects_.size();
    for (auto entry = objects_.begin(); entry != objects_.end();) {
      entry = entry->second->context == context ? objects_.erase(entry) : std::next(entry);
    }
    return before - objects_.size();
  }
  size_t size() const { return objects_.size(); }
  const std::unordered_map<const void*, std::shared_ptr<T>>& all() const { return objects_; }

 private:
  std::unordered_map<const void*, std::shared_ptr<T>> objects_;
};

// Everything the calls of the driver share. Never destroyed: the worker may outlive main.
struct Driver {
  std::mutex mutex;
  std::condition_variable changed;
  bool initialised = false;
  int waiters = 0;
  uint64_t sequence = 0;
  uint64_t nudged = 0;
  long long abandoned = 0;
  std::unordered_map<const void*, std::unique_ptr<Context>> contexts;
  Registry<Stream> streams;
  Registry<Event> events;
  Registry<Module> modules;
  Registry<Graph> graphs;
  Registry<GraphExec> execs;
  std::unordered_map<const void*, std::unique_ptr<Function>> functions;
};

Driver& driver();

// The frame of every call that needs a context: takes the lock, finds the context, and says what is wrong with it.
class Call {
 public:
  Call();
  std::unique_lock<std::mutex> lock;
  Context* context = nullptr;
  int status = kSuccess;
};

// context.cpp
std::vector<Context*>& contextStack();
// Waits for all streams of a context.
void drain(std::unique_lock<std::mutex>& lock, Context* context);

// fault.cpp
void installFaultHandler();
// Runs work so that a fault inside it comes back as a status; what went wrong is noted.
int runProtected(const std::function<void()>& work);
// Leaves the running work with a status.
[[noreturn]] void abandonWork(int status);
void noteFault(const std::string& message);
void failContext(Context* context, int status, const std::string& message);

// memory.cpp. The caller holds the lock, but for describeAddress and owns.
int allocate(Context* context, size_t bytes, bool pinned, void** address);
int release(Context* context, void* address, bool pinned);
int releaseWhenIdle(Call& call, void* address, bool pinned);
size_t releaseAll(Context* context);
bool ownsDevice(const void* address, size_t bytes);
bool isPinned(const void* address, size_t bytes);
bool inRegion(const void* address);
std::string describeAddress(const void* address);
// Text about a damaged red zone of a live allocation of the context, or "".
std::string findDamage(const Context* context);
size_t freeMemory();
size_t totalMemory();
long long liveAllocations();

// worker.cpp
void startWorker();
int submit(const std::shared_ptr<Stream>& stream, Item item);
// Waits, with the lock held, until a condition is true; held-back work runs now.
void await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done);
// Work enqueued so far is no longer held back.
void nudge();
Context* runningContext();

// stream.cpp
std::shared_ptr<Stream> findStream(const Call& call, void* handle, int* status);
// Puts work on a stream, or into the capture that the stream is part of.
int enqueue(const std::shared_ptr<Stream>& stream, std::shared_ptr<Work> work);
// After a wait: the sticky error, or damage that the red zones show.
int settle(Context* context);

// graph.cpp
// Refuses, and invalidates, when a capture is under way that a call of this kind would disturb.
int forbidInCapture(const Context* context);
int invalidate(const std::shared_ptr<Capture>& capture, int status);

// runner.cpp
struct Launch {
  std::shared_ptr<Module> module;
  const LimbicSimKernel* kernel = nullptr;
  LimbicSimIndex grid{}, block{};
  unsigned dynamicShared = 0;
  // Values of the arguments, and where each begins.
  std::vector<unsigned char> storage;
  std::vector<void*> arguments;
};
void runLaunch(Launch& launch);
// Where the running kernel is: "kernel k, block (0,0,0), thread (1,0,0)", or "".
std::string whereInKernel();
LimbicSimServices& services();

}  // namespace sim
