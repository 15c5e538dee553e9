# Compile options shared by every target of ours, and the two helpers that make one library and one test binary per folder.
add_library(codi_options INTERFACE)
target_compile_options(codi_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  -Wno-missing-designated-field-initializers  # members left out of a designated initializer are value-initialised on purpose
  -fno-omit-frame-pointer)
target_compile_definitions(codi_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
                                                  BOOST_BEAST_SEPARATE_COMPILATION BOOST_BEAST_USE_STD_STRING_VIEW
                                                  BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_include_directories(codi_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
target_link_options(codi_options INTERFACE -fuse-ld=lld-19 -Wl,--as-needed  # codi-log starts without RocksDB
  -Wl,-z,relro,-z,now)  # addresses of functions can't be written over
if(CODI_SANITIZE)
  target_compile_options(codi_options INTERFACE -fsanitize=${CODI_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(codi_options INTERFACE -fsanitize=${CODI_SANITIZE})
endif()
if(CODI_COVERAGE)
  target_compile_options(codi_options INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(codi_options INTERFACE -fprofile-instr-generate)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1 ${CCACHE})
endif()

# The heavy, never-changing headers, compiled once and shared by every library.
add_library(codi_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_precompile_headers(codi_pch PRIVATE <boost/json.hpp> <boost/describe.hpp> <fmt/format.h> <array> <chrono> <coroutine> <expected>
  <functional> <map> <memory> <optional> <span> <string> <string_view> <variant> <vector>)
target_compile_options(codi_pch PRIVATE -Xclang -fno-pch-timestamp)
target_link_libraries(codi_pch PRIVATE codi_options Boost::json fmt::fmt)
# A compiled header holds the path of its build folder. ccache takes this sum for its content instead, so that build folders and
# clones share what they compile.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
get_target_property(pch_headers codi_pch PRECOMPILE_HEADERS)
string(JOIN " " pch_parts ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} ${CODI_SANITIZE} ${CODI_COVERAGE}
       ${Boost_VERSION} ${fmt_VERSION} ${pch_headers})
string(SHA256 pch_sum "${pch_parts}")
file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/codi_pch.dir/cmake_pch.hxx.pch.sum ${pch_sum})

# codi_library(folder [folders it may use...])
function(codi_library folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  if(NOT sources)  # a folder of headers
    add_library(codi_${folder} INTERFACE)
    foreach(below ${ARGN})
      target_link_libraries(codi_${folder} INTERFACE codi_${below})
    endforeach()
    return()
  endif()
  add_library(codi_${folder} STATIC ${sources})
  target_link_libraries(codi_${folder} PUBLIC codi_options)
  target_precompile_headers(codi_${folder} REUSE_FROM codi_pch)
  target_compile_options(codi_${folder} PRIVATE -Xclang -fno-pch-timestamp)
  foreach(below ${ARGN})
    target_link_libraries(codi_${folder} PUBLIC codi_${below})
  endforeach()
endfunction()

# codi_test(name folder library...): one GoogleTest binary from every .cpp below tests/<folder>; ctest runs each test on its own.
function(codi_test name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(${name} PRIVATE -O1)  # tests are compiled more often than they run
  endif()
  target_precompile_headers(${name} REUSE_FROM codi_pch)
  target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
  target_link_libraries(${name} PRIVATE ${ARGN} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()

# codi_fuzz(name runs library...): a libFuzzer program from tests/fuzz/<name>_fuzz.cpp. Its test mutates the kept corpus `runs` times; only
# the preset `fuzz` also instruments the libraries, so that what is new can be told from what is not (tests/fuzz/README.md).
function(codi_fuzz name runs)
  set(target fuzz_${name})
  add_executable(${target} ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}_fuzz.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  # What -fsanitize=fuzzer stands for, in words that the compiled header, which is not instrumented, may differ in.
  target_compile_options(${target} PRIVATE -fsanitize-coverage=inline-8bit-counters,indirect-calls,trace-cmp,pc-table
                                           -Xclang -fno-pch-timestamp)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(${target} PRIVATE -O1)
  endif()
  target_precompile_headers(${target} REUSE_FROM codi_pch)
  target_link_libraries(${target} PRIVATE ${ARGN})
  add_test(NAME ${target} COMMAND ${CMAKE_SOURCE_DIR}/tools/fuzz check ${CMAKE_BINARY_DIR} ${name} --runs ${runs})
  set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 600)
  add_dependencies(fuzz ${target})
endfunction()

# codi_embed(target file...): puts the files' bytes into the target, as gateway/assets.hpp names them.
function(codi_embed target)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  string(JOIN " " joined ${files})
  set(output ${CMAKE_BINARY_DIR}/generated/assets.cpp)
  add_custom_command(OUTPUT ${output} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DFILES=${joined}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
  target_sources(${target} PRIVATE ${output})
endfunction()
