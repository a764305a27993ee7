// From CUDA C, as the preprocessor left it, to C++ for the simulator's prelude.
#pragma once

#include <string>

namespace nvrtc {

struct Translation {
  std::string text;
  // "file(line): error: ..." lines for what the simulator cannot translate; empty if all went well.
  std::string errors;
  // Whether there is shared memory, in which races are to be looked for.
  bool shared = false;
};

Translation translate(const std::string& preprocessed);

}  // namespace nvrtc
