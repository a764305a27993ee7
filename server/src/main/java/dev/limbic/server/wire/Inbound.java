package dev.limbic.server.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.limbic.v1.AnalyzeRequest;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A request as it came, readable or not. gRPC would end a whole stream over a message it cannot parse; we answer that
 * message and go on.
 *
 * @param request the message, empty if it could not be parsed
 * @param readable whether it could be parsed
 */
record Inbound(AnalyzeRequest request, boolean readable) {
    private static final Inbound UNREADABLE = new Inbound(AnalyzeRequest.getDefaultInstance(), false);

    /** Reads requests; only tests write them. */
    static final MethodDescriptor.Marshaller<Inbound> MARSHALLER = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(Inbound value) {
            return value.request().toByteString().newInput();
        }

        @Override
        public Inbound parse(InputStream stream) {
            try {
                return new Inbound(AnalyzeRequest.parseFrom(stream), true);
            } catch (InvalidProtocolBufferException e) {
                return UNREADABLE;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };
}
