// Modules and functions: a module's image is a shared object made by the simulated NVRTC.
#include <dlfcn.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build_hash.inc"
#include "internal.h"

namespace sim {

Module::~Module() {
  if (library != nullptr) dlclose(library);
  if (file >= 0) close(file);
}

}  // namespace sim

using namespace sim;

namespace {

constexpr char kTextMagic[] = "//LIMBIC-SIM\n";

// The driver is told no length: the section headers end the file.
size_t imageBytes(const void* image) {
  Elf64_Ehdr header;
  memcpy(&header, image, sizeof header);
  return header.e_shoff + size_t{header.e_shnum} * header.e_shentsize;
}

// "PTX" is text; ours is the image in hexadecimal.
std::vector<char> decode(const char* text) {
  std::vector<char> image;
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (text += sizeof kTextMagic - 1; text[0] != 0 && text[1] != 0; text += 2) {
    image.push_back(static_cast<char>(digit(text[0]) * 16 + digit(text[1])));
  }
  return image;
}

int load(const char* image, size_t bytes, Module* module) {
  module->file = memfd_create("limbic-sim-module", MFD_CLOEXEC);
  if (module->file < 0) return 304;
  if (write(module->file, image, bytes) != static_cast<ssize_t>(bytes)) return kOutOfMemory;
  // The descriptor stays open while the module lives, so that no two loaded modules have the same path.
  std::string path = "/proc/self/fd/" + std::to_string(module->file);
  module->library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module->library == nullptr) {
    noteFault(std::string("module refused: ") + dlerror());
    return kInvalidImage;
  }
  module->table = static_cast<const LimbicSimModule*>(dlsym(module->library, "limbicSimModule"));
  if (module->table == nullptr || module->table->build != LIMBIC_SIM_BUILD) return kNoBinaryForGpu;
  *module->table->services = &services();
  return kSuccess;
}

}  // namespace

SIM_EXPORT int cuModuleLoadData(void** handle, const void* image) {
  Call call;
  if (call.status) return call.status;
  if (handle == nullptr || image == nullptr) return kInvalidValue;
  if (int refused = forbidInCapture(call.context)) return refused;
  std::vector<char> decoded;
  auto bytes = static_cast<const char*>(image);
  if (strncmp(bytes, kTextMagic, sizeof kTextMagic - 1) == 0) {
    decoded = decode(bytes);
    bytes = decoded.data();
  }
  if (strncmp(bytes, ELFMAG, SELFMAG) != 0) return kInvalidImage;
  auto module = std::make_shared<Module>();
  module->context = call.context;
  if (int status = load(bytes, imageBytes(bytes), module.get())) return status;
  *handle = driver().modules.add(std::move(module));
  return kSuccess;
}

SIM_EXPORT int cuModuleLoadDataEx(void** handle, const void* image, unsigned, int*, void**) {
  return cuModuleLoadData(handle, image);
}

SIM_EXPORT int cuModuleUnload(void* handle) {
  Call call;
  if (call.status) return call.status;
  std::shared_ptr<Module> module = driver().modules.find(handle);
  if (module == nullptr) return kInvalidHandle;
  if (int refused = forbidInCapture(call.context)) return refused;
  auto& functions = driver().functions;
  for (auto entry = functions.begin(); entry != functions.end();) {
    entry = entry->second->module == module ? functions.erase(entry) : std::next(entry);
  }
  driver().modules.remove(handle);
  return kSuccess;
}

SIM_EXPORT int cuModuleGetFunction(void** handle, void* moduleHandle, const char* name) {
  Call call;
  if (call.status) return call.status;
  if (handle == nullptr || name == nullptr) return kInvalidValue;
  std::shared_ptr<Module> module = driver().modules.find(moduleHandle);
  if (module == nullptr) return kInvalidHandle;
  for (auto& entry : driver().functions) {
    if (entry.second->module == module && strcmp(entry.second->kernel->name, name) == 0) {
      *handle = entry.second.get();
      return kSuccess;
    }
  }
  for (int i = 0; i < module->table->count; i++) {
    if (strcmp(module->table->kernels[i].name, name) != 0) continue;
    auto function = std::make_unique<Function>();
    function->module = module;
    function->kernel = &module->table->kernels[i];
    *handle = function.get();
    driver().functions[function.get()] = std::move(function);
    return kSuccess;
  }
  return kNotFound;
}
