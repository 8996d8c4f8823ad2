# Kills a rank of an ensemble in its middle and resumes; the result has the bits of an undisturbed run.
#   cmake -DMPIEXEC=... -DFLAG=-n -DVICTIM=... -DWORK=... -P killed.cmake
function(ensemble ranks result checkpoint victim trajectories)
  execute_process(
    COMMAND ${MPIEXEC} ${FLAG} ${ranks} ${VICTIM} ${WORK}/${result} ${WORK}/${checkpoint} ${victim}
            ${trajectories}
    TIMEOUT 100 RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(code "${code}" PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()
function(expect)
  if(NOT (${ARGN}))
    message(FATAL_ERROR "not so: ${ARGN}\nexit code ${code}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
ensemble(1 whole whole.checkpoint -1 0)
expect(code EQUAL 0)

# Rank 1 of 2 dies in the middle: no hang, no result, a checkpoint.
ensemble(2 result run.checkpoint 1 7000)
expect(NOT code EQUAL 0)
expect(NOT code MATCHES timeout)
expect(output MATCHES "rank 1")
expect(NOT EXISTS ${WORK}/result)
expect(EXISTS ${WORK}/run.checkpoint)

# Resumed by 3, of which rank 0, which writes, dies further on; resumed by 2 to the end.
ensemble(3 result run.checkpoint 0 2000)
expect(NOT code EQUAL 0)
expect(NOT code MATCHES timeout)
expect(NOT EXISTS ${WORK}/result)
ensemble(2 result run.checkpoint -1 0)
expect(code EQUAL 0)
file(SHA256 ${WORK}/whole whole)
file(SHA256 ${WORK}/result result)
expect(result STREQUAL whole)
