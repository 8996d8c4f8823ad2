# `stochflow simulate` under mpiexec: the files it writes are the same for 1, 2 and 3 ranks, and what
# goes wrong is one sentence, an exit code and no file.
#   cmake -DMPIEXEC=... -DFLAG=-n -DPROGRAM=... -DWORK=... -P simulate.cmake
include(${CMAKE_CURRENT_LIST_DIR}/checks.cmake)
file(REMOVE_RECURSE ${WORK})
# A method in lanes and one without.
foreach(method EulerMaruyama SRIW1)
  set(question simulate gbm --method ${method} --steps 20 --paths 20001 --times 5 --seed 7)
  run(${PROGRAM} ${question} --out ${WORK}/0)
  expect(code EQUAL 0)
  foreach(ranks 1 2 3)
    run(${MPIEXEC} ${FLAG} ${ranks} ${PROGRAM} ${question} --out ${WORK}/${ranks}
      --checkpoint ${WORK}/${ranks}/run.checkpoint --checkpoint-every 0.001)
    expect(code EQUAL 0)
    expect_once("mean of x")
    foreach(file values.npy moments.csv fan.svg)
      file(SHA256 ${WORK}/0/${file} alone)
      file(SHA256 ${WORK}/${ranks}/${file} shared)
      expect(shared STREQUAL alone)
    endforeach()
    file(READ ${WORK}/${ranks}/result.json record)
    expect(record MATCHES "\"ranks\": ${ranks}")
    file(GLOB left ${WORK}/${ranks}/*checkpoint* ${WORK}/${ranks}/.*partial)
    expect(NOT left)
  endforeach()
endforeach()

# A mistake in the command line, a place that cannot be written (only rank 0 finds out), and an
# ensemble of which nothing remains.
run(${MPIEXEC} ${FLAG} 2 ${PROGRAM} simulate gbm --method Nobody)
expect(code EQUAL 2)
expect_once("unknown method")
file(WRITE ${WORK}/file "")
run(${MPIEXEC} ${FLAG} 3 ${PROGRAM} simulate gbm --json ${WORK}/file/below/result.json)
expect(code EQUAL 1)
expect_once("rank 0 of 3 failed: cannot write")
run(${MPIEXEC} ${FLAG} 2 ${PROGRAM} simulate double-well --t1 100 --steps 20 --paths 8 --start 50
  --out ${WORK}/failed)
expect(code EQUAL 1)
expect_once("every trajectory failed")
file(GLOB left ${WORK}/failed/*)
expect(NOT left)
