package dev.limbic.server.wire;

import com.google.protobuf.MessageLite;
import dev.limbic.domain.LimbicException;
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
record Inbound<M extends MessageLite>(M request, boolean readable) {
    /** The same method, with a request that may be unreadable. */
    static <M extends MessageLite, R> MethodDescriptor<Inbound<M>, R> lenient(
            MethodDescriptor<M, R> method, M prototype) {
        return method.toBuilder(new LenientMarshaller<>(prototype), method.getResponseMarshaller())
                .build();
    }

    /**
     * The message.
     *
     * @throws LimbicException.Invalid if it could not be parsed
     */
    M requireReadable(String type) {
        if (!readable) {
            throw new LimbicException.Invalid("the message is not a limbic.v1." + type + ", or its text is not UTF-8");
        }
        return request;
    }

    /** Reads requests; only tests write them. */
    private record LenientMarshaller<M extends MessageLite>(M prototype)
            implements MethodDescriptor.Marshaller<Inbound<M>> {
        @Override
        public InputStream stream(Inbound<M> value) {
            return value.request().toByteString().newInput();
        }

        @Override
        @SuppressWarnings("unchecked") // a parser makes what its prototype is
        public Inbound<M> parse(InputStream stream) {
            try {
                return new Inbound<>((M) prototype.getParserForType().parseFrom(stream), true);
            } catch (IOException e) {
                return new Inbound<>(prototype, false); // not the message, not UTF-8, or not compressed as it says
            }
        }
    }
}
