#!/usr/bin/env bash
# Puts CUDA's compilers, as pinned in the requirements beside this file, into a folder: nvcc in FOLDER/bin, NVRTC in
# FOLDER/nvrtc-12.6 and, for chips newer than that knows, in FOLDER/nvrtc-12.9. What is there already stays. No driver is
# needed, and nothing of the machine is changed.
#
# usage: install.sh FOLDER      needs Python 3 with venv, and a package index
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: install.sh FOLDER" >&2; exit 2; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$1"
folder="$(cd "$1" && pwd)"
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  echo "CUDA's compilers come as Python wheels: Python 3 with venv is needed (Debian, Ubuntu: apt install python3-venv)" >&2
  exit 1
fi

# wheels NAME: a virtual environment with what requirements NAME ask for. The list is copied last, as the sign that all of
# it is there.
wheels() {
  local list="$here/$1.txt" place="$folder/$1"
  cmp -s "$list" "$place/installed.txt" && return
  rm -rf "$place"
  python3 -m venv "$place"
  "$place/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --requirement "$list"
  cp "$list" "$place/installed.txt"
}

# link NAME PLACE: FOLDER/NAME leads to what a wheel brought.
link() {
  local found=("$folder"/$2)
  [ -d "${found[0]}" ] || { echo "no $2 in $folder: a wheel's layout has changed?" >&2; exit 1; }
  ln -sfn "${found[0]#"$folder/"}" "$folder/$1"
}

wheels requirements
wheels requirements-blackwell
link bin 'requirements/lib/python3*/site-packages/nvidia/cu13/bin'
link nvrtc-12.6 'requirements/lib/python3*/site-packages/nvidia/cuda_nvrtc/lib'
link nvrtc-12.9 'requirements-blackwell/lib/python3*/site-packages/nvidia/cuda_nvrtc/lib'
