#!/usr/bin/env bash
# Compiles the CUDA kernels for the chips that people have and puts the machine code into a jar, which on the class path
# saves those hosts the compiling, and NVRTC. What has been compiled from the same sources before stays.
#
# usage: machine-code.sh HOME JAR_FOLDER      needs JAVA_HOME, and what kernels/src/nvcc/install.sh needs
#
# Without that, there is no jar and hosts compile for themselves, unless LIMBIC_REQUIRE holds the word nvrtc.
set -euo pipefail
home="$1"
jars="$2"
compilers="$home/target/cuda-compilers"
code="$home/target/machine-code"

if ! "$home/kernels/src/nvcc/install.sh" "$compilers" nvrtc-12.6 nvrtc-12.9 >&2; then
  if [[ ",${LIMBIC_REQUIRE:-}," == *,nvrtc,* ]]; then
    echo "machine code: NVRTC cannot be had, but LIMBIC_REQUIRE asks for it" >&2
    exit 1
  fi
  echo "    skipped: NVRTC cannot be had; GPU hosts will need it and compile at their first start" >&2
  exit 0
fi

# build NVRTC CHIP...
build() {
  LD_LIBRARY_PATH="$compilers/$1" "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED \
    -cp "$jars/*" dev.limbic.ops.cuda.KernelBuild "$code" "${@:2}" | sed 's/^/    /' >&2
}
build nvrtc-12.6 80 86 89 90
build nvrtc-12.9 100 120
"$JAVA_HOME/bin/jar" --create --no-manifest --date=2026-01-01T00:00:00Z --file "$jars/limbic-machine-code.jar" -C "$code" .
