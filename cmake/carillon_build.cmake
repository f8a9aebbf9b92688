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
            # Names of one file shadow those of another that is compiled with it.
            $<$<BOOL:${CMAKE_UNITY_BUILD}>:-Wno-shadow>)

function(carillon_target_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:carillon_warnings>)
endfunction()
