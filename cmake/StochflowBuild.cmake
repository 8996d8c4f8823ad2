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
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms: steppers of Boost.Odeint that are copied before their stages are set, and GCC
  # 12's own headers for AVX-512 (GCC bug 105593) and std::string (105651).
  target_compile_options(stochflow_build INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    # And those about the length of std::vector, once copying it is inlined far enough.
    target_compile_options(stochflow_build INTERFACE
      -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # The constants by which a problem states its calculus and noise, where a test's method asks for neither.
  target_compile_options(stochflow_build INTERFACE -Wno-unused-const-variable)
endif()
if(STOCHFLOW_ARCH)
  target_compile_options(stochflow_build INTERFACE -march=${STOCHFLOW_ARCH})
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
