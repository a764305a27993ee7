#!/usr/bin/env bash
# JCuda 12's natives ask for libcublas.so.12 and libnvrtc.so.12 by name and by symbol version, so that CUDA 13's libraries
# do not do even under a link of that name. This makes libraries of those names whose every function jumps to the function
# of the same name in CUDA 13's; what CUDA 13 no longer has answers NOT_SUPPORTED and says its name once.
#
# usage: build.sh OUTPUT_FOLDER FOLDER_OF_JCUDA_NATIVES      needs gcc and readelf; x86-64 Linux
set -euo pipefail
output="$1"
natives="$2"
mkdir -p "$output"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# forward OLD NEW STATUS: makes OLD forward to NEW; STATUS is the library's "not supported".
forward() {
  local old="$1" new="$2" status="$3" source="$work/$1.c" functions
  functions="$(readelf --wide --dyn-syms "$natives"/*.so |
    awk -v version="@$old" '$7 == "UND" && index($8, version) { split($8, name, "@"); print name[1] }' | sort -u)"
  [ -n "$functions" ] || { echo "no native in $natives asks for $old" >&2; exit 1; }
  {
    echo '#define _GNU_SOURCE'
    echo '#include <dlfcn.h>'
    echo '#include <stdio.h>'
    for function in $functions; do
      # A jump leaves all arguments, in registers and on the stack, as they are.
      echo "__attribute__((visibility(\"hidden\"))) void* to_$function;"
      echo "__attribute__((naked)) void $function(void) { __asm__(\"jmp *to_$function(%rip)\"); }"
      echo "static int without_$function(void) {"
      echo "  static int said; if (!said++) fputs(\"limbic: $new has no $function\\n\", stderr); return $status; }"
    done
    echo '__attribute__((constructor)) static void resolve(void) {'
    echo "  void* library = dlopen(\"$new\", RTLD_NOW | RTLD_GLOBAL);"
    echo '  if (!library) fprintf(stderr, "limbic: %s\n", dlerror());'
    for function in $functions; do
      echo "  to_$function = library ? dlsym(library, \"$function\") : 0;"
      echo "  if (!to_$function) to_$function = (void*)without_$function;"
    done
    echo '}'
  } >"$source"
  echo "$old { global: *; };" >"$work/$old.map"
  gcc -shared -fPIC -O1 -o "$output/$old" "$source" \
    "-Wl,-soname,$old" "-Wl,--version-script=$work/$old.map" -ldl
  echo "$old: $(wc -w <<<"$functions") functions forwarded to $new"
}

forward libcublas.so.12 libcublas.so.13 15
forward libnvrtc.so.12 libnvrtc.so.13 11
