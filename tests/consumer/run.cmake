# Installs the build into a fresh prefix, then configures, builds and runs the consumer against it.
#   cmake -DBUILD=... -DSOURCE=... -DWORK=... -DWITH_DIFFUSION=ON|OFF -DWITH_MPI=ON|OFF
#         -DGENERATOR=... -P run.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}\nended with ${code}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR}
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${WORK}/prefix -DWITH_DIFFUSION=${WITH_DIFFUSION}
  -DWITH_MPI=${WITH_MPI})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/solvers_consumer)
message(STATUS "solvers: ${output}")
if(WITH_MPI)
  run(${WORK}/build/mpi_consumer)
  message(STATUS "mpi: ${output}")
endif()
if(WITH_DIFFUSION)
  run(${WORK}/build/diffusion_consumer)
  message(STATUS "diffusion: ${output}")
endif()

# No path of the build machine may hide in what was installed for others.
file(GLOB exported ${WORK}/prefix/lib*/cmake/stochflow/*.cmake
  ${WORK}/prefix/lib*/*/cmake/stochflow/*.cmake)
foreach(file IN LISTS exported)
  file(STRINGS ${file} leaks REGEX "${BUILD}|${PROJECT}")
  if(leaks)
    message(FATAL_ERROR "${file} mentions the build folder: ${leaks}")
  endif()
endforeach()
