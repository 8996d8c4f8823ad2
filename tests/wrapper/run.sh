#!/usr/bin/env bash
# The wrapper's decisions on machines that lack something, played through with stand-ins for dpkg-query
# and apt: run.sh PATH_OF_THE_WRAPPER. Nothing is installed or built.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"  # a copy, so that no build folder of the project is touched
cp "$1" "$work/tree/stochflow"
wrapper=$work/tree/stochflow

# A machine: a folder of programs that is the whole PATH.
machine() {
  rm -rf "$work/bin" && mkdir "$work/bin"
  local tool
  for tool in bash env cat dirname readlink grep awk nproc id mkdir sed tee yes head; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool"
  done
}

# stand_in NAME: a program whose text is read from standard input.
stand_in() {
  rm -f "$work/bin/$1"  # it may be a link to the real program
  { echo '#!/usr/bin/env bash'; cat; } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# expect CODE WORD...: the wrapper, asked for what `command` says, ends with CODE and says every WORD.
command=(simulate ou)
expect() {
  local code=0 wanted=$1 word
  shift
  output=$(env -i PATH="$work/bin" "${settings[@]}" bash "$wrapper" "${command[@]}" 2>&1) || code=$?
  if [ "$code" -ne "$wanted" ]; then echo "expected exit code $wanted, found $code: $output"; exit 1; fi
  for word in "$@"; do
    case $output in *"$word"*) ;; *) echo "expected '$word' in: $output"; exit 1 ;; esac
  done
}
settings=(X=1)

echo "no apt, no dpkg: the packages are listed"
machine
expect 1 "apt-get is not on this machine" libeigen3-dev libtorch-dev cmake

echo "no apt, everything but Eigen installed: only Eigen is listed"
machine
stand_in dpkg-query <<'END'
case ${!#} in libeigen3-dev) exit 1 ;; *) echo installed ;; esac
END
expect 1 libeigen3-dev
case $output in *libboost-dev*) echo "an installed package is listed: $output"; exit 1 ;; esac

echo "apt that fails: one sentence with the package"
stand_in apt-get <<'END'
[ "$1" = update ]
END
stand_in apt-cache <<<'echo "  Candidate: 1.0"'
stand_in id <<<'echo 0'
expect 1 "installing with apt: libeigen3-dev" "could not install: libeigen3-dev"

echo "neither root nor sudo: the command to run as root"
stand_in id <<<'echo 1000'
expect 1 "root is needed" "apt-get install libeigen3-dev"

echo "LibTorch is missing and apt has it: it is asked for"
machine
stand_in dpkg-query <<'END'
case ${!#} in libtorch-dev) exit 1 ;; *) echo installed ;; esac
END
stand_in apt-cache <<'END'
echo "  Candidate: 1.0"
yes "  Version table" | head -n 20000  # more than a pipe holds
END
stand_in apt-get <<<'[ "$1" = update ]'
stand_in id <<<'echo 0'
expect 1 "installing with apt: libtorch-dev" "could not install: libtorch-dev"

echo "a distribution without LibTorch: the solvers only, and no attempt to install it"
machine
stand_in dpkg-query <<'END'
case ${!#} in libtorch-dev | libopenblas0-pthread) exit 1 ;; *) echo installed ;; esac
END
stand_in apt-cache <<'END'
case $2 in libtorch-dev) ;; *) echo "  Candidate: 1.0" ;; esac
END
stand_in apt-get <<<'echo "apt-get was called: $*"; exit 1'
stand_in cmake <<<'echo "cmake $*" >&2; exit 1'
expect 1 "building the solvers only" "-DSTOCHFLOW_DIFFUSION=OFF" "could not configure"
case $output in *"apt-get was called"*) echo "apt was called: $output"; exit 1 ;; esac

echo "the same with a LibTorch of the user's own: everything"
settings=(CMAKE_PREFIX_PATH=/opt/libtorch)
expect 1 "-DSTOCHFLOW_DIFFUSION=ON" "could not configure"
echo "started by mpirun: MPI is a must, and CMake is told so"
settings=(CMAKE_PREFIX_PATH=/opt/libtorch OMPI_COMM_WORLD_SIZE=2)
stand_in dpkg-query <<<'echo installed'
expect 1 "-DSTOCHFLOW_MPI=ON" "could not configure"
stand_in dpkg-query <<'END'
case ${!#} in libopenmpi-dev) exit 1 ;; *) echo installed ;; esac
END
stand_in apt-get <<<'[ "$1" = update ]'
stand_in id <<<'echo 0'
expect 1 "could not install: libopenmpi-dev"

echo "a distribution without clang-format-14: the tests go on without the check, and ask apt for nothing"
machine
stand_in dpkg-query <<'END'
case ${!#} in clang-format-14) exit 1 ;; *) echo installed ;; esac
END
stand_in apt-cache <<'END'
case $2 in clang-format-14) ;; *) echo "  Candidate: 1.0" ;; esac
END
stand_in apt-get <<<'echo "apt-get was called: $*"; exit 1'
stand_in cmake <<<'exit 1'
settings=(X=1)
command=(test)
expect 1 "formatting not checked" "could not configure"
case $output in *"apt-get was called"*) echo "apt was called: $output"; exit 1 ;; esac

echo "presets that are newer than the build folder: it is configured again, and otherwise built"
machine
stand_in dpkg-query <<<'echo installed'
stand_in cmake <<<'exit 1'
command=(simulate ou)
mkdir -p "$work/tree/build/release"
echo "STOCHFLOW_DIFFUSION:BOOL=ON" >"$work/tree/build/release/CMakeCache.txt"
touch -d "1 hour ago" "$work/tree/build/release/build.ninja"
touch "$work/tree/CMakePresets.json"
expect 1 "could not configure"
touch -d "2 hours ago" "$work/tree/CMakePresets.json"
expect 1 "the build failed"
echo "as expected"
