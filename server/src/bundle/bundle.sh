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

"$home/server/src/bundle/stage.sh" "$home" "$options" "$stage" bench server

echo "  proof" >&2
mkdir -p "$stage"/tests/{lib,kernels,models}
cp "$home/bench/gpu/prove.sh" "$home/bench/gpu/peer.py" "$stage/"
cp -r "$home"/kernels/target/test-classes/. "$stage/tests/kernels/"
cp -r "$home"/models/target/test-classes/. "$stage/tests/models/"
ln -s ../models/starter "$stage/tests/starter"
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
