# `stochflow likelihood` under mpiexec: every figure is the same for any number of ranks, and what a
# killed run leaves behind is not computed again.
#   cmake -DMPIEXEC=... -DFLAG=-n -DPROGRAM=... -DWORK=... -P likelihood.cmake
include(${CMAKE_CURRENT_LIST_DIR}/checks.cmake)
file(REMOVE_RECURSE ${WORK})
set(question likelihood --images 0:5 --check 2 --bound 2 --atol 0.3 --atol-logp 10)

# All that a record says but for its own circumstances.
function(read_results file)
  set(results)
  file(READ ${file} record)
  foreach(where bpd_mean budget bound per_image)
    string(JSON part GET "${record}" results ${where})
    string(APPEND results "${part}")
  endforeach()
  set(results "${results}" PARENT_SCOPE)
endfunction()

run(${PROGRAM} ${question} --json ${WORK}/0.json)
expect(code EQUAL 0)
read_results(${WORK}/0.json)
set(alone "${results}")
run(${MPIEXEC} ${FLAG} 3 ${PROGRAM} ${question} --json ${WORK}/3.json --results ${WORK}/3.jsonl)
expect(code EQUAL 0)
expect_once("5 images: ")
read_results(${WORK}/3.json)
expect(results STREQUAL alone)
file(STRINGS ${WORK}/3.jsonl lines)
list(LENGTH lines count)
expect(count EQUAL 6)  # the settings and the images
file(GLOB left ${WORK}/*.rank*)
expect(NOT left)

# As a killed run of three ranks would have left it: one image finished by rank 0, two by rank 2, one
# of which is marked so that computing it again would show.
list(GET lines 0 settings)
list(GET lines 1 first)
list(GET lines 2 second)
list(GET lines 3 third)
string(REGEX REPLACE "\"nfe\":[0-9]+" "\"nfe\":98765" third "${third}")
file(WRITE ${WORK}/killed.jsonl "${settings}\n${first}\n")
file(WRITE ${WORK}/killed.jsonl.rank2 "${settings}\n${second}\n${third}\n{\"image\":")
run(${MPIEXEC} ${FLAG} 2 ${PROGRAM} ${question} --json ${WORK}/killed.json
  --results ${WORK}/killed.jsonl)
expect(code EQUAL 0)
file(READ ${WORK}/killed.json record)
expect(record MATCHES "98765")
string(JSON mean GET "${record}" results bpd_mean)
file(READ ${WORK}/0.json record)
string(JSON mean_alone GET "${record}" results bpd_mean)
expect(mean STREQUAL mean_alone)
file(GLOB left ${WORK}/*.rank*)
expect(NOT left)

# What only rank 0 finds out, everybody ends on.
run(${MPIEXEC} ${FLAG} 2 ${PROGRAM} ${question} --seed 9 --results ${WORK}/killed.jsonl)
expect(code EQUAL 1)
expect_once("results of other settings")
