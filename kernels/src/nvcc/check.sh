#!/usr/bin/env bash
# Compiles every kernel for every architecture Limbic supports, with warnings as errors, and reports what the compiler
# says of each: registers, static shared memory, stack, spills. A kernel that spills registers to memory fails the check.
#
# usage: check.sh [REPORT]      REPORT: file for the whole table, target/nvcc/report.txt by default
#
# Without nvcc the check is skipped, unless LIMBIC_REQUIRE holds the word nvcc.
set -euo pipefail

MAIN="$(cd "$(dirname "${BASH_SOURCE[0]}")/../main" && pwd)"
SOURCES="$MAIN/cuda"
ARCHITECTURES=(75 80 86 89 90 100 120)
# Compilations at a time: two cores are what small CI machines have.
JOBS=2
report="${1:-target/nvcc/report.txt}"

if ! command -v nvcc >/dev/null; then
    if [[ ",${LIMBIC_REQUIRE:-}," == *,nvcc,* ]]; then
        echo "nvcc: not found, but LIMBIC_REQUIRE asks for it" >&2
        exit 1
    fi
    echo "nvcc: not found; kernels were not compiled for real chips (skipped)"
    exit 0
fi

mkdir -p "$(dirname "$report")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# The numbers that kernels share with their launches.
"$("$MAIN/../../../limbic" java-home)/bin/java" "$MAIN/java/dev/limbic/ops/cuda/KernelNumbers.java" >"$work/launch.cuh"

# compile FILE ARCHITECTURE: leaves the compiler's words in $work, and a file .failed where it refused.
compile() {
    local name log
    name="$(basename "$1" .cu)"
    log="$work/$name.$2"
    if ! nvcc -I "$work" -std=c++17 -arch="sm_$2" -cubin -Werror all-warnings -Xptxas -v -o "$log.cubin" "$1" >"$log.log" 2>&1; then
        touch "$log.failed"
    fi
    rm -f "$log.cubin"
}
export -f compile
export work

start=$SECONDS
for architecture in "${ARCHITECTURES[@]}"; do
    for file in "$SOURCES"/*.cu; do
        printf '%s\0%s\0' "$file" "$architecture"
    done
done | xargs -0 -n 2 -P "$JOBS" bash -c 'compile "$@"' compile

failed=0
for mark in "$work"/*.failed; do
    [[ -e "$mark" ]] || continue
    failed=1
    name="$(basename "$mark" .failed)"
    echo "nvcc: ${name%.*}.cu does not compile for sm_${name##*.}:" >&2
    grep -v '^ptxas info' "${mark%.failed}.log" >&2 || true
done
(( failed == 0 )) || exit 1

# One line a kernel and architecture: kernel, sm, registers, shared, stack, spilled bytes (stores + loads).
cat "$work"/*.log | awk '
    /Compiling entry function/ { split($0, part, "\047"); kernel = part[2]; sm = substr(part[4], 4) }
    /bytes stack frame/ { stack = $1; spill = $5 + $9 }
    /Used [0-9]+ registers/ {
        shared = 0
        for (i = 2; i <= NF; i++) {
            if ($i == "registers,") registers = $(i - 1)
            if ($i ~ /^smem/) shared = $(i - 2)
        }
        print kernel, sm, registers, shared, stack, spill
    }' | sort -k1,1 -k2,2n >"$work/table"

{
    printf '%-24s %6s %10s %8s %6s %7s\n' kernel arch registers shared stack spills
    awk '{ printf "%-24s %6s %10d %8d %6d %7d\n", $1, "sm_" $2, $3, $4, $5, $6 }' "$work/table"
} >"$report"

kernels=$(cut -d ' ' -f 1 "$work/table" | sort -u | wc -l)
lines=$(wc -l <"$work/table")
if (( kernels == 0 || lines != kernels * ${#ARCHITECTURES[@]} )); then
    echo "nvcc: $lines lines for $kernels kernels and ${#ARCHITECTURES[@]} architectures; its output has changed?" >&2
    exit 1
fi

echo "nvcc: $kernels kernels for ${#ARCHITECTURES[@]} architectures in $((SECONDS - start)) s; all lines in $report"
awk '
    !($1 in registers) { order[++n] = $1 }
    $3 >= registers[$1] + 0 { registers[$1] = $3 + 0; where[$1] = $2 }
    $4 > shared[$1] + 0 { shared[$1] = $4 }
    { spills[$1] += $6 }
    END {
        printf "%-24s %13s %8s %7s\n", "kernel", "max registers", "shared", "spills"
        for (i = 1; i <= n; i++) {
            k = order[i]
            printf "%-24s %4d (sm_%s) %*s %7d\n", k, registers[k], where[k], 21 - 4 - length(where[k]) - 7, shared[k] + 0, spills[k]
        }
    }' "$work/table"

if awk '$6 > 0 { print "nvcc: " $1 " spills " $6 " bytes on sm_" $2; found = 1 } END { exit !found }' "$work/table" >&2; then
    exit 1
fi
