// A running block: its threads, its shared memory, and where it is. All of it belongs to the worker.
#pragma once

#include <string>

#include "internal.h"

namespace sim {

constexpr unsigned kWarp = 32;
constexpr unsigned kMaxThreads = 1024;
constexpr size_t kMaxStaticShared = 48 * 1024;
// Of the simulated chip: 227 KiB with the opt-in.
constexpr size_t kMaxShared = 227 * 1024;

// runner.cpp
// Ends the running launch: the text gets kernel, block and thread put before it.
[[noreturn]] void failLaunch(int status, const std::string& text);
// After a launch that was left by a jump.
void dropLaunch();
// How often barriers have opened, over all blocks; the same for the syncs of one warp.
uint32_t blockStamp();
uint32_t warpStamp(unsigned warp);
std::string nameThread(unsigned linear);
// Text when the address is where a thread's stack ended, or "".
std::string describeStack(const void* address);

// shared.cpp
void beginShared(LimbicSimServices& services, unsigned dynamicBytes);
// Looks at the red zones; text about damage, or "".
std::string endShared();
void* openShared(unsigned long long size, unsigned long long alignment, const char* name);
std::string describeShared(const void* address);

// race.cpp
void touchShared(void* address, unsigned size, int write);

}  // namespace sim
