package dev.limbic.server.wire;

import dev.limbic.v1.AnalyzeRequest;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;

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
            } catch (IOException e) {
                return UNREADABLE; // not the message, not UTF-8, or not compressed as it says
            }
        }
    };
}
