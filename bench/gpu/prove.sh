#!/usr/bin/env bash
# Run inside the bundle on a host with an NVIDIA GPU: proves that the CUDA device computes rightly, then measures it.
#
# usage: prove.sh [FOLDER]     FOLDER: where the reports go, gpu-results by default
set -euo pipefail
HERE="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
results="${1:-gpu-results}"
[ -x "$HERE/runtime/bin/java" ] || { echo "prove.sh runs inside the archive that ./limbic bundle makes" >&2; exit 2; }
# shellcheck source=/dev/null
. "$HERE/lib/cuda-path.sh"
read -r -a options <"$HERE/lib/jvm.options"
options+=("-XX:CompileCommandFile=$HERE/lib/compile-commands.txt")
mkdir -p "$results"

# What fails is told at the end: the parts behind it say something too.
failed=()

echo "== libraries and self-test"
"$HERE/limbic" doctor | tee "$results/doctor.txt" || failed+=("self-test")

echo "== starter models, a request each"
"$HERE/limbic" serve --check 2>&1 | tee "$results/serve.txt" || failed+=("starter models")

# What proves a chip is named Cuda…Test; that of the server stays with its module.
echo "== contract and golden tests on the chip"
(cd "$HERE/tests" && "$HERE/runtime/bin/java" "${options[@]}" -Dlimbic.require=cuda \
  -cp "models:kernels:$HERE/tests/lib/*:$HERE/lib/*" \
  org.junit.platform.console.ConsoleLauncher execute --disable-banner --details=summary \
  --scan-classpath models:kernels --include-classname '.*\.Cuda\w+Test' --fail-if-no-tests) | tee "$results/tests.txt" || failed+=("tests")

echo "== figures"
peer=()
for python in python3 python; do
  if command -v "$python" >/dev/null; then peer=("$python" "$HERE/peer.py"); break; fi
done
"$HERE/runtime/bin/java" "${options[@]}" -Xmx6g -cp "$HERE/lib/*" dev.limbic.bench.GpuBench "$results" \
  ${peer[@]+"${peer[@]}"} | tee "$results/bench.txt" || failed+=("figures")

if [ "${#failed[@]}" -gt 0 ]; then
  printf 'prove.sh: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
