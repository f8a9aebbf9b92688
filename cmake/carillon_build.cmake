# What every target of ours is compiled with. None of it reaches a consumer.

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CARILLON_CCACHE ccache)
  if(CARILLON_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CARILLON_CCACHE})
  endif()
endif()

add_library(carillon_warnings INTERFACE)
target_compile_options(
  carillon_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wsign-conversion
            -Wshadow
            -Wold-style-cast
            -Woverloaded-virtual
            -Wcast-qual
            -Wimplicit-fallthrough
            # g++ 12 takes the memory of Asio's coroutine frames for that of another allocator.
            $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
            # Boost and libstdc++ use what they deprecate; only clang tells of it.
            $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
            # Of files that are compiled together, names of one shadow those of another, and g++ takes all but the
            # file that includes the others for headers.
            $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>
            $<$<AND:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>)

# ccache reuses a precompiled header only where it may ignore the time at which the header was made (ccache(1)).
if(CARILLON_PRECOMPILE_HEADERS AND CARILLON_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CARILLON_CCACHE})
endif()

# Other people's headers that nearly every file of ours reads. Each source still names what it uses: the other presets
# compile it without this.
function(carillon_precompile target)
  if(CARILLON_PRECOMPILE_HEADERS)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    target_precompile_headers(
      ${target}
      PRIVATE
      <algorithm>
      <chrono>
      <functional>
      <map>
      <memory>
      <optional>
      <string>
      <variant>
      <vector>
      <boost/asio/any_completion_handler.hpp>
      <boost/asio/awaitable.hpp>
      <boost/asio/co_spawn.hpp>
      <boost/asio/io_context.hpp>
      <boost/asio/ip/tcp.hpp>
      <boost/asio/steady_timer.hpp>
      <boost/json/value.hpp>
      <boost/system/result.hpp>
      <fmt/format.h>
      ${ARGN})
  endif()
endfunction()

function(carillon_target_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:carillon_warnings>)
endfunction()
