// The worker: one thread that runs what lies on the streams, item by item, in an order that CUDA allows.
#include <signal.h>

#include <algorithm>

#include "internal.h"

namespace sim {
namespace {

// How long the worker holds back what the host could see, when nobody waits for it.
constexpr auto kLag = std::chrono::milliseconds(20);

Context* volatile current = nullptr;

// The oldest item of the default stream keeps back what came after it on blocking streams, and the other way round.
bool ordered(const Stream& stream, const Item& head) {
  const Driver& d = driver();
  if (!stream.legacy) {
    return !stream.blocking || stream.context->legacy->queue.empty()
        || stream.context->legacy->queue.front().sequence > head.sequence;
  }
  return std::none_of(d.streams.all().begin(), d.streams.all().end(), [&](const auto& entry) {
    const Stream& other = *entry.second;
    return other.context == stream.context && other.blocking && !other.queue.empty()
        && other.queue.front().sequence < head.sequence;
  });
}

bool held(const Item& head, Clock::time_point now) {
  const Driver& d = driver();
  return head.work != nullptr && head.work->lazy && d.waiters == 0 && head.sequence > d.nudged
      && now < head.enqueued + kLag;
}

// The oldest item that may run; `retry` says that one will become ready by the passing of time.
std::shared_ptr<Stream> choose(bool* retry) {
  Driver& d = driver();
  auto now = Clock::now();
  std::shared_ptr<Stream> best;
  auto consider = [&](const std::shared_ptr<Stream>& stream) {
    if (stream->queue.empty()) return;
    const Item& head = stream->queue.front();
    // A failed context runs nothing more; its items only fall away.
    if (stream->context->error == 0) {
      if (!ordered(*stream, head)) return;
      if (head.wait != nullptr && head.wait->completed < head.generation) return;
      if (held(head, now)) {
        *retry = true;
        return;
      }
    }
    if (best == nullptr || head.sequence < best->queue.front().sequence) best = stream;
  };
  for (auto& entry : d.contexts) consider(entry.second->legacy);
  for (auto& entry : d.streams.all()) consider(entry.second);
  return best;
}

void runItem(std::unique_lock<std::mutex>& lock, Item& item, Context* context) {
  if (item.record != nullptr && item.record->completed < item.generation) {
    item.record->completed = item.generation;
    item.record->time = Clock::now();
  }
  if (item.work == nullptr || context->error != 0) return;
  current = context;
  lock.unlock();
  int status = runProtected(item.work->run);
  lock.lock();
  current = nullptr;
  if (status != kSuccess) failContext(context, status, "");
}

void work() {
  Driver& d = driver();
  std::unique_lock<std::mutex> lock(d.mutex);
  while (true) {
    bool retry = false;
    std::shared_ptr<Stream> stream = choose(&retry);
    if (stream == nullptr) {
      if (retry) {
        d.changed.wait_for(lock, std::chrono::milliseconds(2));
      } else {
        d.changed.wait(lock);
      }
      continue;
    }
    Item item = std::move(stream->queue.front());
    stream->queue.pop_front();
    stream->busy = true;
    runItem(lock, item, stream->context);
    stream->busy = false;
    // What the item holds is let go without the lock: disposing may call back.
    lock.unlock();
    item = Item();
    d.changed.notify_all();
    lock.lock();
  }
}

}  // namespace

void startWorker() {
  // Signals to the process belong to the threads of the program, not to this one.
  sigset_t all, before;
  sigfillset(&all);
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, signal);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(work).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

int submit(const std::shared_ptr<Stream>& stream, Item item) {
  Driver& d = driver();
  item.sequence = ++d.sequence;
  item.enqueued = Clock::now();
  stream->queue.push_back(std::move(item));
  d.changed.notify_all();
  return kSuccess;
}

void await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done) {
  Driver& d = driver();
  d.waiters++;
  d.changed.notify_all();
  d.changed.wait(lock, done);
  d.waiters--;
}

void nudge() {
  Driver& d = driver();
  d.nudged = d.sequence;
  d.changed.notify_all();
}

Context* runningContext() { return current; }

}  // namespace sim
