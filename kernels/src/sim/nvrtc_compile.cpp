// Three runs of g++: preprocess, compile the translation, link. Results are kept beside the library, by the hash of all
// that they depend on.
#include "nvrtc_compile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "build_hash.inc"
#include "nvrtc_translate.h"

extern char** environ;

namespace nvrtc {
namespace {

namespace fs = std::filesystem;

constexpr char kPrelude[] =
#include "prelude.inc"
    ;
constexpr char kPreludeName[] = "limbic_sim_prelude.h";

std::string readAll(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool writeAll(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  return out.good();
}

// A folder for one compilation, gone afterwards.
class Workplace {
 public:
  Workplace() {
    std::error_code none;
    std::string pattern = (fs::temp_directory_path(none) / "limbic-nvrtc-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path = pattern;
  }
  ~Workplace() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  fs::path path;
};

std::string compiler() {
  const char* name = getenv("CXX");
  return name == nullptr || *name == 0 ? "g++" : name;
}

// Runs the compiler in a folder; its messages go to the file "log" there. -1: it could not be started.
int runCompiler(const fs::path& folder, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {compiler()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  std::string log = (folder / "log").string(), place = folder.string();
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, place.c_str());
  pid_t child;
  int failed = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Where the chip fuses multiplication and addition, so does the processor, if it can.
std::vector<std::string> targetOptions(const Input& input) {
  std::vector<std::string> options;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) options = {"-mavx2", "-mfma"};
#endif
  options.push_back(input.contract ? "-ffp-contract=fast" : "-ffp-contract=off");
  return options;
}

std::vector<std::string> languageOptions(const Input& input) {
  std::vector<std::string> options = {"-std=c++17", "-w", "-nostdinc", "-nostdinc++", "-I.",
                                      "-DLIMBIC_SIMULATOR=1", "-D__CUDACC__=1", "-D__CUDACC_RTC__=1",
                                      "-D__CUDACC_VER_MAJOR__=12", "-D__CUDACC_VER_MINOR__=6",
                                      "-D__CUDA_ARCH__=" + std::to_string(input.architecture)};
  options.insert(options.end(), input.definitions.begin(), input.definitions.end());
  return options;
}

class Hash {
 public:
  void add(const std::string& text) {
    add(text.data(), text.size());
    uint64_t bytes = text.size();
    add(&bytes, sizeof bytes);
  }
  std::string text() const {
    char digits[40];
    snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(a_), static_cast<unsigned long long>(b_));
    return digits;
  }

 private:
  // FNV-1a from two starts.
  void add(const void* from, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
      unsigned char c = static_cast<const unsigned char*>(from)[i];
      a_ = (a_ ^ c) * 1099511628211u;
      b_ = (b_ ^ c ^ 0x5a) * 1099511628211u;
    }
  }
  uint64_t a_ = 14695981039346656037u, b_ = 0x9e3779b97f4a7c15u;
};

fs::path cacheFile(const Input& input) {
  Dl_info here;
  if (dladdr(reinterpret_cast<const void*>(&cacheFile), &here) == 0) return {};
  Hash hash;
  for (const std::string& part : {std::string(kPrelude), std::to_string(LIMBIC_SIM_BUILD), compiler(), input.name, input.source}) {
    hash.add(part);
  }
  for (auto& header : input.headers) {
    hash.add(header.first);
    hash.add(header.second);
  }
  for (const std::string& option : languageOptions(input)) hash.add(option);
  for (const std::string& option : targetOptions(input)) hash.add(option);
  return fs::path(here.dli_fname).parent_path() / "modules" / (hash.text() + ".so");
}

// In an own file first, since several processes may compile the same at once.
void keep(const fs::path& file, const std::string& image) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  fs::path part = file.string() + "." + std::to_string(getpid()) + ".part";
  if (writeAll(part, image)) {
    fs::rename(part, file, failed);
  } else {
    fs::remove(part, failed);
  }
}

bool writeInput(const Input& input, const fs::path& folder) {
  for (auto& header : input.headers) {
    fs::path file = (folder / header.first).lexically_normal();
    // A name must not lead out of the folder.
    if (file.string().rfind(folder.string(), 0) != 0) return false;
    std::error_code failed;
    fs::create_directories(file.parent_path(), failed);
    if (!writeAll(file, header.second)) return false;
  }
  return writeAll(folder / input.name, input.source) && writeAll(folder / kPreludeName, kPrelude);
}

// "file:line:column: fatal error: text" in the manner of NVRTC, "file(line): error: text"; others stay as they are.
std::string inManner(const std::string& line, int* errors) {
  size_t file = line.find(':');
  size_t number = file == std::string::npos ? file : line.find(':', file + 1);
  size_t message = number == std::string::npos ? number : line.find(": ", number);
  if (message == std::string::npos || line.find_first_not_of("0123456789", file + 1) != number || number == file + 1) return line;
  std::string text = line.substr(message + 2);
  if (text.rfind("fatal ", 0) == 0) text = text.substr(6);
  if (text.rfind("error: ", 0) == 0) ++*errors;
  return line.substr(0, file) + "(" + line.substr(file + 1, number - file - 1) + "): " + text;
}

std::string logOf(const fs::path& folder, const std::string& name) {
  std::istringstream lines(readAll(folder / "log"));
  std::string line, log;
  int errors = 0;
  while (std::getline(lines, line)) log += inManner(line, &errors) + "\n";
  if (errors != 0) {
    log += std::to_string(errors) + (errors == 1 ? " error" : " errors") + " detected in the compilation of \"" + name + "\".\n";
  }
  return log;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) { to.insert(to.end(), more.begin(), more.end()); }

std::vector<std::string> compileOptions(const Input& input, bool shared) {
  std::vector<std::string> options = {"-x", "c++", "-c", "translated.cpp", "-o", "module.o", "-std=c++17", "-O1", "-fPIC", "-w",
                                      "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-nostdinc", "-nostdinc++",
                                      "-fno-strict-aliasing", "-fno-math-errno", "-fno-trapping-math", "-fno-stack-protector",
                                      "-U_FORTIFY_SOURCE", "-fno-asynchronous-unwind-tables", "-fno-threadsafe-statics",
                                      "-finline-functions", "-finline-small-functions", "-fsanitize=alignment,bounds",
                                      "-include", kPreludeName, "-DLIMBIC_SIM_BUILD=" + std::to_string(LIMBIC_SIM_BUILD) + "u"};
  if (shared) append(options, {"-fsanitize=thread"});
  append(options, targetOptions(input));
  return options;
}

}  // namespace

Outcome compile(const Input& input, Output* output) {
  fs::path kept = cacheFile(input);
  std::error_code failed;
  if (!kept.empty() && fs::exists(kept, failed)) {
    output->image = readAll(kept);
    if (!output->image.empty()) return Outcome::compiled;
  }
  Workplace workplace;
  const fs::path& folder = workplace.path;
  if (folder.empty() || !writeInput(input, folder)) {
    output->log = "no place for temporary files\n";
    return Outcome::broken;
  }
  std::vector<std::string> options = {"-x", "c++", "-E", input.name, "-o", "preprocessed"};
  append(options, languageOptions(input));
  int status = runCompiler(folder, options);
  if (status == 0) {
    Translation translation = translate(readAll(folder / "preprocessed"));
    if (!translation.errors.empty()) {
      output->log = translation.errors;
      return Outcome::refused;
    }
    if (!writeAll(folder / "translated.cpp", translation.text)) return Outcome::broken;
    status = runCompiler(folder, compileOptions(input, translation.shared));
  }
  if (status == 0) {
    status = runCompiler(folder, {"-shared", "-Wl,-z,defs", "-Wl,-z,now", "module.o", "-lm", "-o", "module.so"});
  }
  output->log = status < 0 ? compiler() + " cannot be run\n" : logOf(folder, input.name);
  if (status != 0) return status < 0 ? Outcome::broken : Outcome::refused;
  output->image = readAll(folder / "module.so");
  if (!kept.empty()) keep(kept, output->image);
  return Outcome::compiled;
}

}  // namespace nvrtc
