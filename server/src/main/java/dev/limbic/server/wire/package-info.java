/** gRPC in, gRPC out: the only package, with Main, that knows io.grpc. */
@NullMarked
package dev.limbic.server.wire;

import org.jspecify.annotations.NullMarked;
