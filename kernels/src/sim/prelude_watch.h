// What the compiler calls at places that it was asked to watch: accesses (races), alignment, bounds of arrays.
#pragma once

#define LIMBIC_SIM_CALLED __attribute__((no_sanitize("thread"), visibility("hidden"), used, noinline))

extern "C" {

#define LIMBIC_SIM_TOUCH(NAME, SIZE, WRITE)                                                                         \
  LIMBIC_SIM_CALLED void __tsan_##NAME(void* at) {                                                                  \
    if (static_cast<unsigned long long>(static_cast<unsigned char*>(at) - limbicSim->sharedStart) < limbicSim->sharedBytes) { \
      limbicSim->touchShared(at, SIZE, WRITE);                                                                      \
    }                                                                                                               \
  }
#define LIMBIC_SIM_TOUCHES(SIZE)                     \
  LIMBIC_SIM_TOUCH(read##SIZE, SIZE, 0)              \
  LIMBIC_SIM_TOUCH(write##SIZE, SIZE, 1)             \
  LIMBIC_SIM_TOUCH(unaligned_read##SIZE, SIZE, 0)    \
  LIMBIC_SIM_TOUCH(unaligned_write##SIZE, SIZE, 1)
LIMBIC_SIM_TOUCHES(1)
LIMBIC_SIM_TOUCHES(2)
LIMBIC_SIM_TOUCHES(4)
LIMBIC_SIM_TOUCHES(8)
LIMBIC_SIM_TOUCHES(16)

LIMBIC_SIM_CALLED void __tsan_read_range(void* at, unsigned long bytes) {
  for (unsigned long i = 0; i + 4 <= bytes; i += 4) __tsan_read4(static_cast<char*>(at) + i);
}
LIMBIC_SIM_CALLED void __tsan_write_range(void* at, unsigned long bytes) {
  for (unsigned long i = 0; i + 4 <= bytes; i += 4) __tsan_write4(static_cast<char*>(at) + i);
}
LIMBIC_SIM_CALLED void __tsan_init() {}
LIMBIC_SIM_CALLED void __tsan_func_entry(void*) {}
LIMBIC_SIM_CALLED void __tsan_func_exit(void*) {}

// Laid out as the compiler does.
struct LimbicSimPlace {
  const char* file;
  unsigned line, column;
};
struct LimbicSimMisuse {
  LimbicSimPlace place;
};

LIMBIC_SIM_CALLED void limbicSimMisuse(int status, const char* what, const LimbicSimPlace& place) {
  char text[256];
  __builtin_snprintf(text, sizeof text, "%s at %s:%u", what, place.file, place.line);
  limbicSim->fault(status, text);
}

LIMBIC_SIM_CALLED void __ubsan_handle_type_mismatch_v1(LimbicSimMisuse* misuse, void*) {
  limbicSimMisuse(716, "misaligned access", misuse->place);
}
LIMBIC_SIM_CALLED void __ubsan_handle_out_of_bounds(LimbicSimMisuse* misuse, void*) {
  limbicSimMisuse(700, "index beyond the end of an array", misuse->place);
}

}  // extern "C"
