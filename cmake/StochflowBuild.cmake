# How our own programs and the compiled part of the diffusion layer are built. stochflow::solvers
# stays free of it: an interface library with include paths and C++20 only.
include(GNUInstallDirs)

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  find_program(STOCHFLOW_CCACHE ccache)
  if(STOCHFLOW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What ccache asks of a build with precompiled headers.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${STOCHFLOW_CCACHE})
  endif()
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# Our own code: warnings, and no silent fusing of a*b+c, so that the numbers do not depend on which
# multiply-adds the compiler happened to contract.
add_library(stochflow_build INTERFACE)
target_compile_options(stochflow_build INTERFACE -Wall -Wextra -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms inside GCC 12's own headers: AVX-512 (GCC bug 105593), std::string (105651),
  # and Boost.Odeint copying a stepper whose stages are not yet set.
  target_compile_options(stochflow_build INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict)
endif()
if(STOCHFLOW_NATIVE)
  target_compile_options(stochflow_build INTERFACE -march=native)
endif()
if(STOCHFLOW_WERROR)
  target_compile_options(stochflow_build INTERFACE -Werror)
endif()

# LibTorch's header, read once a target: it is most of what a file that includes it costs (8 s of the
# processor without, 2 s with). The files go on including what they use.
function(stochflow_precompile_torch target)
  if(STOCHFLOW_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <ATen/ATen.h>)
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()
