#!/usr/bin/env bash
# Brings CUDA's compilers as Python wheels, pinned in the lists beside this file, into FOLDER/NAME: nvcc (its programs are in
# FOLDER/nvcc/bin), nvrtc-12.6, nvrtc-12.9; all of them if none is named. What is there already stays. No driver is needed,
# and nothing of the machine is changed.
#
# usage: install.sh FOLDER [NAME...]      needs Python 3 with venv, and a package index
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: install.sh FOLDER [NAME...]" >&2; exit 2; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$1"
folder="$(cd "$1" && pwd)"
shift
[ $# -gt 0 ] || set -- nvcc nvrtc-12.6 nvrtc-12.9
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  echo "CUDA's compilers come as Python wheels: Python 3 with venv is needed (Debian, Ubuntu: apt install python3-venv)" >&2
  exit 1
fi

for name in "$@"; do
  list="$here/$name.txt" wheels="$folder/wheels/$name"
  [ -f "$list" ] || { echo "no compiler is called $name; there are: nvcc nvrtc-12.6 nvrtc-12.9" >&2; exit 2; }
  # The list is copied last, as the sign that all of it is there.
  if ! cmp -s "$list" "$wheels/installed.txt"; then
    rm -rf "$wheels"
    python3 -m venv "$wheels"
    "$wheels/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --requirement "$list"
  fi
  case "$name" in
    nvcc) found=("$wheels"/lib/python3*/site-packages/nvidia/cu13) ;;
    *) found=("$wheels"/lib/python3*/site-packages/nvidia/cuda_nvrtc/lib) ;;
  esac
  [ -d "${found[0]}" ] || { echo "$name: no ${found[0]}; has the layout of its wheel changed?" >&2; exit 1; }
  ln -sfn "${found[0]#"$folder/"}" "$folder/$name"
  cp "$list" "$wheels/installed.txt"
done
