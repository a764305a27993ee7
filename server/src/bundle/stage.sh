#!/usr/bin/env bash
# Lays out in a folder what runs on a Linux x86-64 host without Java: a runtime, jars, machine code for GPUs, starter models
# and a launcher. Called by ./limbic bundle, which packs it, and ./limbic image; both have built everything.
#
# usage: stage.sh HOME JVM_OPTIONS FOLDER MODULE...      needs JAVA_HOME
set -euo pipefail
home="$1"
options="$2"
stage="$3"
shift 3
rm -rf "$stage"
mkdir -p "$stage"/{lib,models}

echo "  runtime" >&2
"$JAVA_HOME/bin/jlink" --output "$stage/runtime" --strip-debug --no-header-files --no-man-pages --compress zip-6 \
  --add-modules java.base,java.logging,java.management,java.naming,java.desktop,java.sql,java.net.http \
  --add-modules jdk.unsupported,jdk.management,jdk.incubator.vector,jdk.crypto.ec

echo "  jars" >&2
for module in "$@"; do
  cp "$home/$module/target/limbic-$module"-*[0-9T].jar "$home/$module"/target/lib/*.jar "$stage/lib/"
done
# Natives of other systems, as jars and inside jars, and what only measurements on a CPU need.
rm -f "$stage"/lib/*-{windows,osx,macosx,linux-aarch_64,linux-aarch64,linux-riscv64}*.jar "$stage"/lib/{jmh,onnxruntime}-*.jar
if command -v zip >/dev/null; then
  for jar in "$stage"/lib/{tokenizers,grpc-netty-shaded,jna}-*.jar; do
    [ -e "$jar" ] || continue
    zip -q -d "$jar" '*/win-*' '*/osx-*' '*/linux-aarch64/*' '*win32*' '*darwin*' '*aix*' '*freebsd*' '*openbsd*' \
      '*sunos*' '*dragonfly*' '*linux-arm*' '*linux-ppc*' '*linux-s390*' '*linux-mips*' '*linux-loong*' '*linux-riscv*' \
      '*aarch_64*' '*windows*.dll' '*osx*.jnilib' >/dev/null 2>&1 || true
  done
fi
printf '%s\n' "$options" >"$stage/lib/jvm.options"
cp "$home/kernels/src/main/jvm/compile-commands.txt" "$stage/lib/"

echo "  machine code for GPUs" >&2
"$home/server/src/bundle/machine-code.sh" "$home" "$stage/lib"

echo "  models, launcher" >&2
cp -r "$home/models/starter" "$stage/models/starter"
cp "$home"/server/src/bundle/{cuda-path,start-cache}.sh "$stage/lib/"
cp "$home/server/src/bundle/limbic" "$stage/"
