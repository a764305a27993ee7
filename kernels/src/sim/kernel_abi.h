// The contract between the simulated driver and a compiled kernel module. Included by both; no standard headers, because
// kernels are compiled without any.
#pragma once

struct LimbicSimIndex {
  unsigned x, y, z;
};

// What the driver gives to a module. The indices are those of the running fibre.
struct LimbicSimServices {
  LimbicSimIndex thread, block, blockSize, gridSize;
  // Dynamic shared memory of the running block; behind it lies a guard page.
  void* dynamicShared;
  // Different for every block, so that a module sees when its static shared memory belongs to a new one.
  unsigned long long epoch;
  // Waits for all threads of the block; returns how many passed a predicate other than 0.
  int (*barrier)(int predicate);
  // Waits for the lanes of mask. The last to arrive runs combine over what the lanes brought, indexed by lane.
  void (*warp)(unsigned mask, const char* name, void (*combine)(void** lanes, unsigned mask), void* mine);
  // Begins a block's use of a static shared variable of `size` bytes between two red zones of kLimbicSimRedZone bytes.
  void (*openShared)(unsigned char* storage, unsigned long long size, const char* name);
  // Ends the launch with a CUresult.
  void (*fault)(int status, const char* message);
};

enum { kLimbicSimRedZone = 64, kLimbicSimAbi = 1 };

struct LimbicSimKernel {
  const char* name;
  void (*call)(void** arguments);
  int count;
  const unsigned* sizes;
  // Of __launch_bounds__, or 0.
  int maxThreads;
  // Bytes of static __shared__ variables.
  unsigned staticShared;
};

// Exported by a module under the name limbicSimModule.
struct LimbicSimModule {
  int abi;
  int count;
  LimbicSimKernel* kernels;
  LimbicSimServices** services;
};
