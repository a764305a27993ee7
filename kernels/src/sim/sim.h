// What the simulated CUDA libraries share: work on streams, ownership of memory, and reporting of faults.
#pragma once

#include <cstddef>

// Runs work in order on a stream, later, on the simulator's worker. Under capture it becomes a node of the graph and may
// run many times; dispose(argument) is called once, after the last run. stream may be null (the default stream).
// Returns a CUresult.
extern "C" int limbicSimEnqueue(void* stream, void (*run)(void*), void* argument, void (*dispose)(void*));

// Whether [address, address + bytes) lies in one live device allocation. To be asked when the work runs, not when it is
// enqueued.
extern "C" int limbicSimOwns(const void* address, size_t bytes);

// Called by running work: records a fault. The context fails with this CUresult from then on (sticky), as a GPU's does;
// message names operation, block, thread, address.
extern "C" void limbicSimFault(int cuResult, const char* message);

// Text of the first fault since the last call, or "" ; for tests.
extern "C" const char* limbicSimTakeFault();

// Lets the next kernel launch fail with this CUresult when it runs, as broken hardware would; for tests.
extern "C" void limbicSimInjectFault(int cuResult);

// The device's memory from now on, 0 for what it has by itself (4 GiB, or the environment's LIMBIC_SIM_MEMORY); for tests.
extern "C" void limbicSimLimitMemory(size_t bytes);

// The compute capability the device reports from now on, as two digits, 0 for its own; for tests.
extern "C" void limbicSimSetChip(int capability);

// The compute capability the device reports, as two digits.
extern "C" int limbicSimChip();

// Device and pinned allocations that are alive; for tests.
extern "C" long long limbicSimLiveAllocations();

// Streams, events, modules, graphs and contexts that are alive; for tests.
extern "C" long long limbicSimLiveObjects();

// Allocations and objects that were still alive when a healthy context was destroyed, since the process began; for tests.
extern "C" long long limbicSimAbandoned();
