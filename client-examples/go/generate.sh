#!/bin/sh
# Makes limbicv1/ from proto/ with protoc and the generators that go.mod names.
set -eu
module=limbic.example/client
package=$module/limbicv1
set -- limbic/v1/emotion.proto limbic/v1/dialogue.proto
options="module=$module"
for file in "$@"; do options="$options,M$file=$package"; done
GOBIN="$PWD/bin" go install tool
PATH="$PWD/bin:$PATH" protoc -I ../../proto/src/main/protobuf \
  --go_out="$options:." --go-grpc_out="$options:." "$@"
