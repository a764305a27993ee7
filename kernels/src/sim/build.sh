#!/usr/bin/env bash
# Builds the stand-ins for the CUDA libraries into a folder; only what is out of date.
#   build.sh OUTPUT_FOLDER        CXX names another compiler than g++
set -euo pipefail
if [ $# -ne 1 ]; then
  echo "usage: build.sh OUTPUT_FOLDER" >&2
  exit 2
fi
sources="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$1"
output="$(cd "$1" && pwd)"
cxx="${CXX:-g++}"
if ! command -v "$cxx" > /dev/null; then
  echo "$cxx is not here" > "$output/absent"
  echo "The CUDA simulator is not built: there is no $cxx" >&2
  exit 0
fi
rm -f "$output/absent"

# A module that one build made is refused by another. In a file of its own, so that a change of it is seen like any other.
build="$(cat "$sources"/kernel_abi.h "$sources"/prelude*.h "$sources"/nvrtc*.cpp "$sources"/nvrtc*.h | cksum | cut -d ' ' -f 1)u"
# Faults leave running work by a jump that the fortified one would refuse.
flags=(-std=c++17 -O2 -g1 -Wall -Wextra -Werror -fPIC -U_FORTIFY_SOURCE -pthread "-I$output")

# object SOURCE: compiles it if it, or what it includes, is newer.
object() {
  local target="$output/$(basename "$1" .cpp).o" list="$output/$(basename "$1" .cpp).d" needed
  if [ -f "$target" ] && [ -f "$list" ]; then
    needed="$(sed -e 's/^[^:]*://' -e 's/\\$//' "$list" | tr -d '\n')"
    local fresh=1 file
    for file in $needed "$sources/build.sh"; do
      if [ ! -f "$file" ] || [ "$file" -nt "$target" ]; then fresh=0; fi
    done
    if [ "$fresh" = 1 ]; then return; fi
  fi
  "$cxx" "${flags[@]}" -MMD -MF "$list" -c "$1" -o "$target"
}

# library SONAME PREFIX VERSION SOURCE...: links the objects of the sources; only functions whose name begins with the prefix
# are to be seen. VERSION is the name of their version, which JCuda asks for, or empty.
library() {
  local name="$1" prefix="$2" version="$3" source objects=() link=() fresh=1
  shift 3
  for source in "$@"; do
    if [ ! -f "$source" ]; then return; fi
    object "$source"
    objects+=("$output/$(basename "$source" .cpp).o")
  done
  echo "$version { global: $prefix*; limbicSim*; local: *; };" > "$output/$name.map"
  link+=("-Wl,--version-script=$output/$name.map")
  if [ "$name" != libcuda.so.1 ]; then link+=("$output/libcuda.so.1" '-Wl,-rpath,$ORIGIN'); fi
  for source in "${objects[@]}"; do
    if [ "$source" -nt "$output/$name" ]; then fresh=0; fi
  done
  if [ "$fresh" = 1 ] && [ -f "$output/$name" ]; then return; fi
  "$cxx" -shared -pthread -Wl,-soname,"$name" "${objects[@]}" "${link[@]}" -ldl -o "$output/$name.part"
  mv "$output/$name.part" "$output/$name"
}

# The text that is put before every kernel file, as a string of the compiler stand-in.
{
  echo 'R"LIMBIC('
  cat "$sources/kernel_abi.h"
  echo ')LIMBIC"'
  for prelude in types math threads watch module; do
    # Literals have a limit of length; neighbours become one.
    echo 'R"LIMBIC('
    cat "$sources/prelude_$prelude.h"
    echo ')LIMBIC"'
  done
} > "$output/prelude.inc.part"
echo "#define LIMBIC_SIM_BUILD $build" > "$output/build_hash.inc.part"
for made in prelude.inc build_hash.inc; do
  if cmp -s "$output/$made.part" "$output/$made"; then
    rm "$output/$made.part"
  else
    mv "$output/$made.part" "$output/$made"
  fi
done

driver=()
for source in "$sources"/*.cpp; do
  case "$(basename "$source")" in
    nvrtc*|cublas*|cudnn*|product*) ;;
    *) driver+=("$source") ;;
  esac
done
shopt -s nullglob
product=("$sources"/product*.cpp)
cublas=("$sources"/cublas*.cpp)
cudnn=("$sources"/cudnn*.cpp)
library libcuda.so.1 cu "" "${driver[@]}"
library libnvrtc.so.12 nvrtc libnvrtc.so.12 "$sources"/nvrtc*.cpp
if [ ${#cublas[@]} -gt 0 ]; then library libcublas.so.12 cublas libcublas.so.12 "${cublas[@]}" "${product[@]}"; fi
if [ ${#cudnn[@]} -gt 0 ]; then library libcudnn.so.9 cudnn libcudnn.so.9 "${cudnn[@]}" "${product[@]}"; fi
