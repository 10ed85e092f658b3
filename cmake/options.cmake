# Build options, warnings, sanitizers and compiler caches; presets switch them (CMakePresets.json).
option(MAILFERRY_TESTS "Build the tests" ON)
option(MAILFERRY_BENCH "Build the programs in bench/" ON)
option(MAILFERRY_FUZZ "Build only the fuzzers (clang)" OFF)
option(MAILFERRY_WERROR "Warnings are errors" ON)
set(MAILFERRY_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Without this, ccache does not look at sources that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_library(mailferry_options INTERFACE)
target_compile_options(mailferry_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers
  $<$<BOOL:${MAILFERRY_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives from inside std::variant and std::string at -O2.
  target_compile_options(mailferry_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-mismatched-new-delete -fpch-preprocess)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of libstdc++ 12 uses what C++20 deprecates.
  target_compile_options(mailferry_options INTERFACE -Wno-deprecated-declarations)
endif()
if(MAILFERRY_SANITIZE)
  target_compile_options(mailferry_options INTERFACE -fsanitize=${MAILFERRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mailferry_options INTERFACE -fsanitize=${MAILFERRY_SANITIZE})
  if(MAILFERRY_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(mailferry_options INTERFACE -Wno-tsan)  # it does not see the fences of Asio, which has locks as well
  endif()
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_link_options(mailferry_options INTERFACE -fuse-ld=mold)
endif()
set_property(GLOBAL PROPERTY JOB_POOLS link_pool=1)
set(CMAKE_JOB_POOL_LINK link_pool)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(GSASL REQUIRED IMPORTED_TARGET libgsasl)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(GMIME REQUIRED gmime-3.0)
pkg_check_modules(PROMETHEUS REQUIRED prometheus-cpp-core)
# Without the compiler flags of their .pc files: -pthread alone would make the precompiled headers useless.
foreach(library gmime prometheus)
  string(TOUPPER ${library} name)
  add_library(mailferry_${library} INTERFACE)
  target_include_directories(mailferry_${library} SYSTEM INTERFACE ${${name}_INCLUDE_DIRS})
endforeach()
target_link_libraries(mailferry_prometheus INTERFACE ${PROMETHEUS_LINK_LIBRARIES})
# GMime is opened when it is needed (ADR 13).
target_link_libraries(mailferry_gmime INTERFACE ${CMAKE_DL_LIBS})
