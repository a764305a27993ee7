#!/bin/sh
# Makes limbicv1/ from proto/ with protoc and the generators that go.mod names.
set -eu
module=limbic.example/client
package=$module/limbicv1
contract=../../proto/src/main/protobuf
set --
for file in "$contract"/limbic/v1/*.proto; do set -- "$@" "limbic/v1/${file##*/}"; done
options="module=$module"
for file in "$@"; do options="$options,M$file=$package"; done
GOBIN="$PWD/bin" go install tool
PATH="$PWD/bin:$PATH" protoc -I "$contract" \
  --go_out="$options:." --go-grpc_out="$options:." "$@"
