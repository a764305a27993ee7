# Sourced in a bundle, with HERE set to its folder: puts the folders of the CUDA libraries on LD_LIBRARY_PATH, and where
# only CUDA 13 is installed, the libraries that forward to it.

# Folders that may hold CUDA libraries, the likely ones first.
limbic_cuda_folders() {
  local folder
  printf '%s\n' "${LD_LIBRARY_PATH:-}" | tr ':' '\n'
  ldconfig -p 2>/dev/null | sed -n 's|.*=> \(/.*\)/lib\(cublas\|nvrtc\|cudnn\)\.so\.[0-9]*$|\1|p'
  for folder in /usr/local/cuda/lib64 /usr/local/cuda-*/lib64 /usr/lib/x86_64-linux-gnu; do printf '%s\n' "$folder"; done
  # The wheels that PyTorch installs.
  for folder in $(python3 -c 'import nvidia; print("\n".join(nvidia.__path__))' 2>/dev/null); do
    printf '%s\n' "$folder"/*/lib
  done
}

# First folder that holds a library.
limbic_find() {
  local folder
  while read -r folder; do
    if [ -n "$folder" ] && [ -e "$folder/$1" ]; then printf '%s' "$folder"; return; fi
  done < <(limbic_cuda_folders)
  return 0
}

limbic_path=""
for limbic_library in libcublas libnvrtc; do
  limbic_folder="$(limbic_find "$limbic_library.so.12")"
  if [ -z "$limbic_folder" ]; then
    limbic_folder="$(limbic_find "$limbic_library.so.13")"
    [ -z "$limbic_folder" ] || limbic_path="$HERE/cuda13:$limbic_path"
  fi
  [ -z "$limbic_folder" ] || limbic_path="$limbic_path$limbic_folder:"
done
limbic_folder="$(limbic_find libcudnn.so.9)"
[ -z "$limbic_folder" ] || limbic_path="$limbic_path$limbic_folder:"
if [ -n "$limbic_path" ]; then
  export LD_LIBRARY_PATH="${limbic_path%:}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
unset limbic_path limbic_folder limbic_library
