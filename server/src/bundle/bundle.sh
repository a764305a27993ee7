#!/usr/bin/env bash
# Makes one archive that runs on a Linux x86-64 host without Java: a runtime, jars, starter models, a launcher, the tests of
# the CUDA device and bench/gpu/prove.sh. Called by ./limbic bundle, which has built everything.
#
# usage: bundle.sh HOME JVM_OPTIONS      needs JAVA_HOME; gcc for hosts that have only CUDA 13
set -euo pipefail
home="$1"
options="$2"
name=limbic-linux-x86_64
stage="$home/target/bundle/$name"
archive="$home/target/$name.tar.gz"
rm -rf "$home/target/bundle"
mkdir -p "$stage"/{lib,models,tests/lib,tests/kernels,tests/models}

echo "  runtime" >&2
"$JAVA_HOME/bin/jlink" --output "$stage/runtime" --strip-debug --no-header-files --no-man-pages --compress zip-6 \
  --add-modules java.base,java.logging,java.management,java.naming,java.desktop,java.sql,java.net.http \
  --add-modules jdk.unsupported,jdk.incubator.vector,jdk.crypto.ec

echo "  jars" >&2
cp "$home"/bench/target/limbic-bench-*[0-9T].jar "$home"/bench/target/lib/*.jar "$stage/lib/"
cp "$home"/server/target/limbic-server-*[0-9T].jar "$home"/server/target/lib/*.jar "$stage/lib/"
# Natives of other systems, as jars and inside jars.
rm -f "$stage"/lib/*-{windows,osx,macosx,linux-aarch_64,linux-aarch64,linux-riscv64}*.jar "$stage"/lib/jmh-*.jar
if command -v zip >/dev/null; then
  for jar in "$stage"/lib/{tokenizers,grpc-netty-shaded,jna}-*.jar; do
    [ -e "$jar" ] || continue
    zip -q -d "$jar" '*/win-*' '*/osx-*' '*/linux-aarch64/*' '*win32*' '*darwin*' '*aix*' '*freebsd*' '*openbsd*' \
      '*sunos*' '*dragonfly*' '*linux-arm*' '*linux-ppc*' '*linux-s390*' '*linux-mips*' '*linux-loong*' '*linux-riscv*' \
      '*aarch_64*' '*windows*.dll' '*osx*.jnilib' >/dev/null 2>&1 || true
  done
fi
printf '%s\n' "$options" >"$stage/lib/jvm.options"

echo "  models, launcher, tests" >&2
cp -r "$home/models/starter" "$stage/models/starter"
cp "$home/server/src/bundle/cuda-path.sh" "$stage/lib/"
cp "$home/server/src/bundle/limbic" "$home/bench/gpu/prove.sh" "$home/bench/gpu/peer.py" "$stage/"
cp -r "$home"/kernels/target/test-classes/. "$stage/tests/kernels/"
cp -r "$home"/models/target/test-classes/. "$stage/tests/models/"
cp "$home"/bench/target/test-lib/*.jar "$stage/tests/lib/"

echo "  libraries that forward to CUDA 13" >&2
natives="$home/target/bundle/natives"
mkdir -p "$natives"
for jar in "$stage"/lib/{jcuda,jcublas}-natives-*.jar; do (cd "$natives" && "$JAVA_HOME/bin/jar" xf "$jar"); done
if command -v gcc >/dev/null && command -v readelf >/dev/null; then
  "$home/kernels/src/cuda13/build.sh" "$stage/cuda13" "$natives/lib" | sed 's/^/    /' >&2
else
  echo "    skipped: gcc or readelf is missing; the bundle will need CUDA 12 on its host" >&2
fi

tar -C "$home/target/bundle" -czf "$archive" "$name"
rm -rf "$home/target/bundle"
echo "$archive ($(du -h "$archive" | cut -f1))"
