#include "mime/gmime_library.hpp"

#include <dlfcn.h>

namespace mailferry::mime {
namespace {

/// Of the ABI that the headers here describe.
constexpr const char* kFile = "libgmime-3.0.so.0";

std::unexpected<Error> unusable() {
  const char* why = ::dlerror();
  return fail(ErrorKind::local_io, Scope::run, "GMime cannot be loaded: " + std::string(why != nullptr ? why : kFile),
              "install the package libgmime-3.0-0 and start again");
}

/// Finds functions of the libraries beneath it as well.
template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Result<GMimeLibrary> open_library() {
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);  // for good: GLib's types cannot be unloaded
  if (library == nullptr) return unusable();
  GMimeLibrary functions;
#define MAILFERRY_FIND(name) \
  if (!find(library, #name, functions.name)) return unusable();
  MAILFERRY_GMIME_FUNCTIONS(MAILFERRY_FIND)
#undef MAILFERRY_FIND
  functions.g_mime_init();
  return functions;
}

}  // namespace

Result<const GMimeLibrary*> gmime_library() {
  static const Result<GMimeLibrary> library = open_library();
  if (!library) return std::unexpected(library.error());
  return &*library;
}

}  // namespace mailferry::mime
