// The functions of NVRTC.
#include <string.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "nvrtc_compile.h"

#define NVRTC_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Result {
  kSuccess = 0,
  kInvalidInput = 3,
  kInvalidProgram = 4,
  kInvalidOption = 5,
  kCompilation = 6,
  kNoNames = 10,
  kInternal = 11,
};

constexpr const char* kNames[] = {"NVRTC_SUCCESS",
                                  "NVRTC_ERROR_OUT_OF_MEMORY",
                                  "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
                                  "NVRTC_ERROR_INVALID_INPUT",
                                  "NVRTC_ERROR_INVALID_PROGRAM",
                                  "NVRTC_ERROR_INVALID_OPTION",
                                  "NVRTC_ERROR_COMPILATION",
                                  "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
                                  "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
                                  "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
                                  "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
                                  "NVRTC_ERROR_INTERNAL_ERROR"};
constexpr int kArchitectures[] = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};

struct Program {
  nvrtc::Input input;
  std::string log;
  std::string cubin;
  std::string ptx;
};

std::mutex mutex;
std::unordered_map<const void*, std::shared_ptr<Program>> programs;

std::shared_ptr<Program> find(const void* handle) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = programs.find(handle);
  return found == programs.end() ? nullptr : found->second;
}

bool startsWith(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

// -x=value, --long=value, -xvalue.
bool valueOf(const std::string& option, std::initializer_list<const char*> names, std::string* value) {
  for (const char* name : names) {
    if (!startsWith(option, name)) continue;
    std::string rest = option.substr(strlen(name));
    *value = startsWith(rest, "=") ? rest.substr(1) : rest;
    return !value->empty();
  }
  return false;
}

bool setArchitecture(const std::string& value, nvrtc::Input* input, bool* machineCode) {
  if (!startsWith(value, "sm_") && !startsWith(value, "compute_")) return false;
  int number = atoi(value.c_str() + value.find('_') + 1);
  *machineCode = startsWith(value, "sm_");
  input->architecture = number * 10;
  for (int known : kArchitectures) {
    if (known == number) return true;
  }
  return false;
}

bool takeOption(const std::string& option, nvrtc::Input* input, bool* machineCode) {
  std::string value;
  if (valueOf(option, {"--gpu-architecture", "-arch"}, &value)) return setArchitecture(value, input, machineCode);
  if (valueOf(option, {"--fmad", "-fmad"}, &value)) {
    input->contract = value == "true";
    return value == "true" || value == "false";
  }
  if (valueOf(option, {"--std", "-std"}, &value)) return value == "c++17" || value == "c++14" || value == "c++11";
  if (valueOf(option, {"--define-macro", "-D"}, &value)) {
    input->definitions.push_back("-D" + value);
    return true;
  }
  if (valueOf(option, {"--include-path", "-I"}, &value)) {
    input->definitions.push_back("-I" + value);
    return true;
  }
  // These change nothing here.
  for (const char* known : {"--generate-line-info", "-lineinfo", "--device-debug", "-G", "--maxrregcount=", "--use_fast_math",
                            "--extra-device-vectorization", "--restrict", "-restrict", "--disable-warnings", "-w",
                            "-default-device", "--ptxas-options", "--prec-div=", "--prec-sqrt=", "--ftz="}) {
    if (startsWith(option, known)) return true;
  }
  return false;
}

// The text form, for chips that the compiler does not know: the image in hexadecimal.
std::string asText(const std::string& image) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "//LIMBIC-SIM\n";
  for (unsigned char c : image) {
    text += digits[c >> 4];
    text += digits[c & 15];
  }
  return text;
}

int give(const std::string& text, char* to) {
  if (to == nullptr) return kInvalidInput;
  memcpy(to, text.data(), text.size());
  return kSuccess;
}

int giveSize(size_t size, size_t* to) {
  if (to == nullptr) return kInvalidInput;
  *to = size;
  return kSuccess;
}

}  // namespace

NVRTC_EXPORT const char* nvrtcGetErrorString(int result) {
  return result >= 0 && result <= kInternal ? kNames[result] : "NVRTC_ERROR unknown";
}

NVRTC_EXPORT int nvrtcVersion(int* major, int* minor) {
  if (major == nullptr || minor == nullptr) return kInvalidInput;
  *major = 12;
  *minor = 6;
  return kSuccess;
}

NVRTC_EXPORT int nvrtcGetNumSupportedArchs(int* count) {
  if (count == nullptr) return kInvalidInput;
  *count = static_cast<int>(sizeof kArchitectures / sizeof *kArchitectures);
  return kSuccess;
}

NVRTC_EXPORT int nvrtcGetSupportedArchs(int* architectures) {
  if (architectures == nullptr) return kInvalidInput;
  memcpy(architectures, kArchitectures, sizeof kArchitectures);
  return kSuccess;
}

NVRTC_EXPORT int nvrtcCreateProgram(void** handle, const char* source, const char* name, int headers, const char* const* texts,
                                    const char* const* names) {
  if (handle == nullptr || source == nullptr || headers < 0 || (headers > 0 && (texts == nullptr || names == nullptr))) {
    return kInvalidInput;
  }
  auto program = std::make_shared<Program>();
  program->input.source = source;
  program->input.name = name == nullptr || *name == 0 ? "default_program" : name;
  for (int i = 0; i < headers; i++) program->input.headers.emplace_back(names[i], texts[i]);
  *handle = program.get();
  std::lock_guard<std::mutex> lock(mutex);
  programs[*handle] = std::move(program);
  return kSuccess;
}

NVRTC_EXPORT int nvrtcDestroyProgram(void** handle) {
  if (handle == nullptr) return kInvalidProgram;
  std::lock_guard<std::mutex> lock(mutex);
  if (programs.erase(*handle) == 0) return kInvalidProgram;
  *handle = nullptr;
  return kSuccess;
}

NVRTC_EXPORT int nvrtcCompileProgram(void* handle, int count, const char* const* options) {
  std::shared_ptr<Program> program = find(handle);
  if (program == nullptr) return kInvalidProgram;
  if (count < 0 || (count > 0 && options == nullptr)) return kInvalidInput;
  nvrtc::Input input = program->input;
  bool machineCode = false;
  for (int i = 0; i < count; i++) {
    if (takeOption(options[i], &input, &machineCode)) continue;
    program->log = std::string("nvrtc: error: invalid option or value: ") + options[i] + "\n";
    return kInvalidOption;
  }
  nvrtc::Output output;
  nvrtc::Outcome outcome = compile(input, &output);
  program->log = output.log;
  program->cubin = machineCode ? output.image : "";
  program->ptx = output.image.empty() ? "" : asText(output.image);
  return outcome == nvrtc::Outcome::compiled ? kSuccess : outcome == nvrtc::Outcome::refused ? kCompilation : kInternal;
}

NVRTC_EXPORT int nvrtcGetProgramLogSize(void* handle, size_t* size) {
  std::shared_ptr<Program> program = find(handle);
  return program == nullptr ? int{kInvalidProgram} : giveSize(program->log.size() + 1, size);
}

NVRTC_EXPORT int nvrtcGetProgramLog(void* handle, char* log) {
  std::shared_ptr<Program> program = find(handle);
  return program == nullptr ? int{kInvalidProgram} : give(program->log + '\0', log);
}

NVRTC_EXPORT int nvrtcGetPTXSize(void* handle, size_t* size) {
  std::shared_ptr<Program> program = find(handle);
  if (program == nullptr || program->ptx.empty()) return kInvalidProgram;
  return giveSize(program->ptx.size() + 1, size);
}

NVRTC_EXPORT int nvrtcGetPTX(void* handle, char* ptx) {
  std::shared_ptr<Program> program = find(handle);
  if (program == nullptr || program->ptx.empty()) return kInvalidProgram;
  return give(program->ptx + '\0', ptx);
}

NVRTC_EXPORT int nvrtcGetCUBINSize(void* handle, size_t* size) {
  std::shared_ptr<Program> program = find(handle);
  return program == nullptr ? int{kInvalidProgram} : giveSize(program->cubin.size(), size);
}

NVRTC_EXPORT int nvrtcGetCUBIN(void* handle, char* cubin) {
  std::shared_ptr<Program> program = find(handle);
  if (program == nullptr || program->cubin.empty()) return kInvalidProgram;
  return give(program->cubin, cubin);
}

// Kernels are found by their C name only.
NVRTC_EXPORT int nvrtcAddNameExpression(void*, const char*) { return kNoNames; }
NVRTC_EXPORT int nvrtcGetLoweredName(void*, const char*, const char**) { return kNoNames; }
NVRTC_EXPORT int nvrtcGetLTOIRSize(void*, size_t*) { return kInvalidInput; }
NVRTC_EXPORT int nvrtcGetLTOIR(void*, char*) { return kInvalidInput; }
NVRTC_EXPORT int nvrtcGetNVVMSize(void*, size_t*) { return kInvalidInput; }
NVRTC_EXPORT int nvrtcGetNVVM(void*, char*) { return kInvalidInput; }
NVRTC_EXPORT int nvrtcGetOptiXIRSize(void*, size_t*) { return kInvalidInput; }
NVRTC_EXPORT int nvrtcGetOptiXIR(void*, char*) { return kInvalidInput; }
