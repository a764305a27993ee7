// Runs a launch: blocks one after another; within a block, threads on fibres. A thread that never waits needs no switch:
// the fibre that ran it takes the next one.
#include "runner.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fibre.h"

namespace sim {
namespace {

constexpr size_t kStack = 128 * 1024;

// A stack that runs threads of blocks, one after another.
struct Strand {
  Fibre fibre;
  char* stack = nullptr;
  bool prepared = false;
};

struct Thread {
  Strand* strand;
  // What it waits in; null while it can run.
  const char* wait;
  bool done;
};

// Lanes of a warp that meet.
struct Meeting {
  unsigned mask = 0;
  unsigned arrived = 0;
  const char* name = nullptr;
  void (*combine)(void**, unsigned) = nullptr;
  void* lanes[kWarp] = {};
};

struct Warp {
  std::vector<Meeting> meetings;
  unsigned ended = 0;
  // Lanes beyond the end of the block.
  unsigned absent = 0;
  uint32_t stamp = 0;
};

LimbicSimServices table;
Launch* launch = nullptr;
Fibre mainFibre;
std::vector<Strand> strands;
std::vector<Strand*> idle;
Strand* running = nullptr;

Thread threads[kMaxThreads];
Warp warps[kMaxThreads / kWarp];
unsigned count, started, done;
unsigned atBarrier;
int votes, verdict;
uint32_t stamp;

// Threads that can go on: a ring.
unsigned ready[kMaxThreads];
unsigned readyHead, readyCount;

void makeReady(unsigned thread) { ready[(readyHead + readyCount++) % kMaxThreads] = thread; }

unsigned takeReady() {
  unsigned thread = ready[readyHead];
  readyHead = (readyHead + 1) % kMaxThreads;
  readyCount--;
  return thread;
}

void enter(unsigned thread) {
  table.linear = thread;
  table.thread.x = thread % table.blockSize.x;
  table.thread.y = thread / table.blockSize.x % table.blockSize.y;
  table.thread.z = thread / table.blockSize.x / table.blockSize.y;
}

std::string triple(const LimbicSimIndex& i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

std::string whereBlock() { return std::string("kernel ") + launch->kernel->name + ", block " + triple(table.block); }

// Nobody can go on: says who waits for whom.
[[noreturn]] void stuck() {
  unsigned barrier = 0;
  const char* elsewhere = nullptr;
  unsigned other = 0, ended = 0, waiting = 0;
  for (unsigned t = 0; t < count; t++) {
    if (threads[t].done) {
      ended = t;
    } else if (strcmp(threads[t].wait, "__syncthreads") == 0) {
      barrier++;
    } else {
      elsewhere = threads[t].wait;
      other = t;
    }
    if (!threads[t].done) waiting = t;
  }
  std::string text = whereBlock();
  if (barrier != 0) {
    text += ": __syncthreads was reached by " + std::to_string(barrier) + " of " + std::to_string(count) + " threads; ";
    text += elsewhere != nullptr ? nameThread(other) + " waits in " + elsewhere : nameThread(ended) + " ended without it";
  } else {
    text += ", " + nameThread(waiting) + ": " + threads[waiting].wait + " was not reached by all lanes of its mask";
  }
  noteFault(text);
  abandonWork(kLaunchFailed);
}

void strandMain();

Strand& freshStrand() {
  Strand* strand;
  if (idle.empty()) {
    // Never more fibres than threads, so that the vector does not move them.
    strands.emplace_back();
    strand = &strands.back();
    size_t guard = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* at = mmap(nullptr, kStack + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) failLaunch(kOutOfMemory, "no memory for the stack of a thread");
    mprotect(at, guard, PROT_NONE);
    strand->stack = static_cast<char*>(at) + guard;
  } else {
    strand = idle.back();
    idle.pop_back();
  }
  if (!strand->prepared) {
    strand->prepared = true;
    // Stacks that all began at the same place of a page would fight for the same lines of the cache.
    size_t shift = static_cast<size_t>(strand - strands.data()) % 32 * 192;
    prepareFibre(strand->fibre, strand->stack, kStack - shift, strandMain);
  }
  return *strand;
}

void switchTo(Strand& strand) {
  Strand& from = *running;
  if (&from == &strand) return;
  running = &strand;
  switchFibre(from.fibre, strand.fibre);
}

// Leaves the running thread, which waits, for one that can go on.
void giveWay() {
  if (readyCount != 0) {
    switchTo(*threads[takeReady()].strand);
  } else if (started < count) {
    switchTo(freshStrand());
  } else {
    stuck();
  }
}

void wait(const char* name) {
  unsigned self = table.linear;
  threads[self].wait = name;
  giveWay();
  threads[self].wait = nullptr;
  enter(self);
}

void open(Warp& warp, Meeting& meeting, unsigned firstThread, unsigned self) {
  unsigned arrived = meeting.arrived;
  if (meeting.combine != nullptr) {
    meeting.combine(meeting.lanes, arrived);
  } else {
    // __syncwarp, the only one that orders memory.
    warp.stamp++;
  }
  meeting = warp.meetings.back();
  warp.meetings.pop_back();
  for (unsigned lane = 0; lane < kWarp; lane++) {
    if ((arrived >> lane & 1) && firstThread + lane != self) makeReady(firstThread + lane);
  }
}

// A thread that ended is waited for no longer.
void endThread(unsigned self) {
  threads[self].done = true;
  done++;
  Warp& warp = warps[self / kWarp];
  warp.ended |= 1u << self % kWarp;
  for (size_t m = 0; m < warp.meetings.size();) {
    Meeting& meeting = warp.meetings[m];
    // An opened meeting gives its place to the last one.
    if ((meeting.mask & ~warp.ended & ~warp.absent & ~meeting.arrived) == 0) {
      open(warp, meeting, self / kWarp * kWarp, self);
    } else {
      m++;
    }
  }
}

void strandMain() {
  while (true) {
    if (readyCount != 0) {
      idle.push_back(running);
      switchTo(*threads[takeReady()].strand);
    } else if (started < count) {
      unsigned self = started++;
      threads[self] = {running, nullptr, false};
      enter(self);
      launch->kernel->call(launch->arguments.data());
      endThread(self);
    } else if (done == count) {
      idle.push_back(running);
      switchFibre(running->fibre, mainFibre);
    } else {
      stuck();
    }
  }
}

int barrier(int predicate) {
  votes += predicate != 0;
  if (++atBarrier < count) {
    wait("__syncthreads");
    return verdict;
  }
  verdict = votes;
  votes = 0;
  atBarrier = 0;
  stamp++;
  unsigned self = table.linear;
  // In turns from both ends: an order that hides a missing barrier in one section shows it in the next.
  for (unsigned i = 0; i < count; i++) {
    unsigned thread = stamp % 2 == 0 ? i : count - 1 - i;
    if (thread != self) makeReady(thread);
  }
  return verdict;
}

void meet(unsigned mask, const char* name, void (*combine)(void**, unsigned), void* mine) {
  unsigned self = table.linear;
  unsigned lane = self % kWarp;
  if ((mask >> lane & 1) == 0) failLaunch(kLaunchFailed, std::string(name) + " with a mask without the calling lane");
  Warp& warp = warps[self / kWarp];
  unsigned first = self - lane;
  Meeting* meeting = nullptr;
  for (Meeting& open : warp.meetings) {
    if (open.mask == mask) meeting = &open;
  }
  if (meeting == nullptr) {
    warp.meetings.emplace_back();
    meeting = &warp.meetings.back();
    meeting->mask = mask;
    meeting->name = name;
    meeting->combine = combine;
  } else if (meeting->name != name && strcmp(meeting->name, name) != 0) {
    failLaunch(kLaunchFailed, std::string(name) + " while other lanes of the mask wait in " + meeting->name);
  }
  meeting->arrived |= 1u << lane;
  meeting->lanes[lane] = mine;
  if ((mask & ~warp.ended & ~warp.absent & ~meeting->arrived) == 0) {
    open(warp, *meeting, first, self);
  } else {
    wait(name);
  }
}

void fault(int status, const char* message) { failLaunch(status, message); }

void prepareServices() {
  if (table.barrier != nullptr) return;
  table.barrier = barrier;
  table.warp = meet;
  table.openShared = openShared;
  table.touchShared = touchShared;
  table.fault = fault;
  strands.reserve(kMaxThreads);
}

void runBlock() {
  started = done = atBarrier = 0;
  votes = 0;
  readyHead = readyCount = 0;
  stamp++;
  for (unsigned w = 0; w * kWarp < count; w++) {
    warps[w].meetings.clear();
    warps[w].ended = 0;
    warps[w].absent = count - w * kWarp < kWarp ? ~0u << (count - w * kWarp) : 0;
    warps[w].stamp++;
  }
  table.epoch++;
  beginShared(table, launch->dynamicShared);
  running = &freshStrand();
  switchFibre(mainFibre, running->fibre);
  std::string damage = endShared();
  if (damage.empty()) return;
  noteFault(whereBlock() + ": " + damage);
  abandonWork(kIllegalAddress);
}

}  // namespace

void runLaunch(Launch& l) {
  prepareServices();
  launch = &l;
  table.gridSize = l.grid;
  table.blockSize = l.block;
  count = l.block.x * l.block.y * l.block.z;
  for (unsigned z = 0; z < l.grid.z; z++) {
    for (unsigned y = 0; y < l.grid.y; y++) {
      for (unsigned x = 0; x < l.grid.x; x++) {
        table.block = {x, y, z};
        runBlock();
      }
    }
  }
  launch = nullptr;
}

std::string nameThread(unsigned linear) {
  const LimbicSimIndex& b = table.blockSize;
  return "thread " + triple({linear % b.x, linear / b.x % b.y, linear / b.x / b.y});
}

std::string whereInKernel() {
  return launch == nullptr ? "" : whereBlock() + ", " + nameThread(table.linear);
}

void dropLaunch() {
  if (launch == nullptr) return;
  // Its fibres stand somewhere inside it.
  idle.clear();
  for (Strand& strand : strands) {
    strand.prepared = false;
    idle.push_back(&strand);
  }
  launch = nullptr;
}

void failLaunch(int status, const std::string& text) {
  std::string where = whereInKernel();
  noteFault(where.empty() ? text : where + ": " + text);
  abandonWork(status);
}

uint32_t blockStamp() { return stamp; }

uint32_t warpStamp(unsigned warp) { return warps[warp].stamp; }

std::string describeStack(const void* address) {
  auto at = static_cast<const char*>(address);
  size_t guard = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const Strand& strand : strands) {
    if (at >= strand.stack - guard && at < strand.stack) return "the thread's local memory ran out of its stack";
  }
  return "";
}

LimbicSimServices& services() {
  prepareServices();
  return table;
}

}  // namespace sim
