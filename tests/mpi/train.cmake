# `stochflow train mnist` under mpiexec: two ranks train the network that one process does, to the
# bit, and go on with each other's state.
#   cmake -DMPIEXEC=... -DFLAG=-n -DPROGRAM=... -DIMAGES=... -DWORK=... -P train.cmake
include(${CMAKE_CURRENT_LIST_DIR}/checks.cmake)
file(REMOVE_RECURSE ${WORK})
foreach(part train t10k)
  foreach(kind images-idx3 labels-idx1)
    configure_file(${IMAGES}/t10k-${kind}-ubyte.gz ${WORK}/data/${part}-${kind}-ubyte.gz COPYONLY)
  endforeach()
endforeach()
set(question train mnist --steps 3 --batch 8 --parts 4 --channels 8 --deep-channels 8 --blocks 1
  --deep-blocks 1 --data ${WORK}/data)

function(expect_same first second)
  foreach(file network state)
    file(SHA256 ${WORK}/${first}/${file}.safetensors left)
    file(SHA256 ${WORK}/${second}/${file}.safetensors right)
    expect(left STREQUAL right)
  endforeach()
endfunction()

run(${PROGRAM} ${question} --out ${WORK}/alone)
expect(code EQUAL 0)
run(${MPIEXEC} ${FLAG} 2 ${PROGRAM} ${question} --out ${WORK}/shared --json ${WORK}/shared.json)
expect(code EQUAL 0)
expect_once("test bound")
expect_same(alone shared)
file(READ ${WORK}/shared.json record)
expect(record MATCHES "\"ranks\": 2")

run(${PROGRAM} train mnist --resume --steps 5 --data ${WORK}/data --out ${WORK}/shared)
expect(code EQUAL 0)
run(${MPIEXEC} ${FLAG} 4 ${PROGRAM} train mnist --resume --steps 5 --data ${WORK}/data
  --out ${WORK}/alone)
expect(code EQUAL 0)
expect_same(alone shared)

run(${MPIEXEC} ${FLAG} 3 ${PROGRAM} ${question} --out ${WORK}/three)
expect(code GREATER 0)
expect_once("4 parts for 3 ranks")
