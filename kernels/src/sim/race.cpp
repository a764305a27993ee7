// Races in shared memory: two threads of a block touch the same word, one of them writes, and no barrier lies between.
//
// For every two bytes the last write and the last read are kept, each with the number of the section between two barriers in
// which it happened. Threads of one warp are also ordered by __syncwarp, so its sections count beside those of the block.
#include "runner.h"

namespace sim {
namespace {

enum : uint16_t { kOneThread, kOneWarp, kManyWarps };

struct Access {
  uint32_t block = 0;
  uint32_t warp = 0;
  uint16_t thread = 0;
  uint16_t who = kOneThread;
};

struct Cell {
  Access write, read;
};

// One for every two bytes; wider accesses are several. Single bytes are not followed.
std::vector<Cell> halves;

// Whether an access that came before may have happened at the same time as one of thread `self`.
bool concurrent(const Access& before, unsigned self) {
  if (before.block != blockStamp()) return false;
  if (before.who == kManyWarps) return true;
  if (before.thread / kWarp != self / kWarp) return true;
  if (before.warp != warpStamp(self / kWarp)) return false;
  return before.who == kOneWarp || before.thread != self;
}

void noteRead(Access& read, unsigned self) {
  Access mine{blockStamp(), warpStamp(self / kWarp), static_cast<uint16_t>(self), kOneThread};
  if (read.block != mine.block || (read.thread == self && read.who == kOneThread)) {
    read = mine;
  } else if (read.who == kManyWarps || read.thread / kWarp != self / kWarp) {
    read.who = kManyWarps;
  } else if (read.warp != mine.warp) {
    read = mine;
  } else {
    read.who = kOneWarp;
  }
}

[[noreturn]] void report(const void* address, const Access& before, const char* first, const char* second) {
  failLaunch(kLaunchFailed, "race: " + std::string(second) + " of " + describeShared(address) + " without a barrier after the "
             + first + " by " + nameThread(before.thread) + (before.who == kOneThread ? "" : " and others"));
}

void touch(Cell& cell, void* address, unsigned self, bool write) {
  if (concurrent(cell.write, self)) report(address, cell.write, "write", write ? "write" : "read");
  if (!write) {
    noteRead(cell.read, self);
    return;
  }
  if (concurrent(cell.read, self)) report(address, cell.read, "read", "write");
  cell.write = {blockStamp(), warpStamp(self / kWarp), static_cast<uint16_t>(self), kOneThread};
}

}  // namespace

void touchShared(void* address, unsigned size, int write) {
  LimbicSimServices& s = services();
  size_t at = static_cast<size_t>(static_cast<unsigned char*>(address) - s.sharedStart);
  if (halves.empty()) halves.resize(s.sharedBytes / 2 + 4);
  for (size_t half = at / 2; half * 2 < at + size && size >= 2; half++) {
    touch(halves[half], s.sharedStart + half * 2, s.linear, write != 0);
  }
}

}  // namespace sim
