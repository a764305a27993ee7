// The contract between the simulated driver and a compiled kernel module. Included by both; no standard headers, because
// kernels are compiled without any.
#pragma once

struct LimbicSimIndex {
  unsigned x, y, z;
};

// What the driver gives to a module. The indices are those of the running thread.
struct LimbicSimServices {
  LimbicSimIndex thread, block, blockSize, gridSize;
  // Index of the running thread within its block; lane and warp follow from it.
  unsigned linear;
  // Dynamic shared memory of the running block; it ends at a guard page.
  void* dynamicShared;
  // Different for every block, so that a module sees when its static shared memory belongs to a new one.
  unsigned long long epoch;
  // Addresses of all shared memory: what lies from sharedStart on for sharedBytes bytes.
  unsigned char* sharedStart;
  unsigned long long sharedBytes;
  // Waits for all threads of the block; returns how many passed a predicate other than 0.
  int (*barrier)(int predicate);
  // Waits for the lanes of mask. The last to arrive runs combine over what the lanes brought, indexed by lane, with the
  // mask of those that came.
  void (*warp)(unsigned mask, const char* name, void (*combine)(void** lanes, unsigned arrived), void* mine);
  // A static shared variable of the running block, between two red zones.
  void* (*openShared)(unsigned long long size, unsigned long long alignment, const char* name);
  // An access to shared memory, for finding races.
  void (*touchShared)(void* address, unsigned size, int write);
  // Ends the launch with a CUresult.
  void (*fault)(int status, const char* message);
};

struct LimbicSimKernel {
  const char* name;
  void (*call)(void** arguments);
  int count;
  const unsigned* sizes;
  const unsigned* alignments;
  // Of __launch_bounds__, or 0.
  int maxThreads;
};

// Exported by a module under the name limbicSimModule.
struct LimbicSimModule {
  // A hash of the sources that made it: the driver refuses what another build made.
  unsigned build;
  int count;
  const LimbicSimKernel* kernels;
  LimbicSimServices** services;
};
