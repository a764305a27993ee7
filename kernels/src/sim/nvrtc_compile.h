// From CUDA C to an image that the simulated driver loads.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nvrtc {

struct Input {
  std::string name;
  std::string source;
  // Name and text.
  std::vector<std::pair<std::string, std::string>> headers;
  // -D and -I options, as g++ wants them.
  std::vector<std::string> definitions;
  // The value of __CUDA_ARCH__.
  int architecture = 750;
  bool contract = true;
};

enum class Outcome { compiled, refused, broken };

struct Output {
  std::string image;
  std::string log;
};

// refused: the source has errors, which are in the log. broken: there is no compiler, or no place to work.
Outcome compile(const Input& input, Output* output);

}  // namespace nvrtc
