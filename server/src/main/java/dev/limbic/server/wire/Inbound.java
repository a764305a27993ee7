package dev.limbic.server.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import dev.limbic.domain.LimbicException;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request as it came, readable or not. gRPC would end a whole stream over a message it cannot parse, and log it; we
 * answer that message and go on.
 *
 * @param request the message, empty if it could not be parsed
 * @param refusal why it could not be parsed
 */
record Inbound<M extends Message>(M request, @Nullable LimbicException refusal) {
    /** The same method, with a request that may be unreadable. */
    static <M extends Message, R> MethodDescriptor<Inbound<M>, R> lenient(
            MethodDescriptor<M, R> method, WireSettings settings) {
        M prototype = Objects.requireNonNull(
                ((MethodDescriptor.PrototypeMarshaller<M>) method.getRequestMarshaller()).getMessagePrototype());
        MessageLimit limit = MessageLimit.of(prototype.getDescriptorForType(), settings);
        return method.toBuilder(LenientMarshaller.of(prototype, limit), method.getResponseMarshaller())
                .build();
    }

    /**
     * The message.
     *
     * @throws LimbicException if it could not be parsed
     */
    M requireReadable() {
        if (refusal != null) {
            throw refusal;
        }
        return request;
    }

    /** The same refused, and nothing of it kept. */
    @SuppressWarnings("unchecked") // an instance of a message's own type
    Inbound<M> refused(LimbicException why) {
        return new Inbound<>((M) request.getDefaultInstanceForType(), why);
    }

    /**
     * Reads requests; only tests write them.
     *
     * @param parser leaves out what it does not know: kept, it would take a hundred times the memory that it took on the
     *     wire
     */
    private record LenientMarshaller<M extends Message>(M prototype, Parser<M> parser, MessageLimit limit)
            implements MethodDescriptor.Marshaller<Inbound<M>> {
        @SuppressWarnings("unchecked") // a parser makes what its prototype is
        static <M extends Message> LenientMarshaller<M> of(M prototype, MessageLimit limit) {
            return new LenientMarshaller<>(
                    prototype, DiscardUnknownFieldsParser.wrap((Parser<M>) prototype.getParserForType()), limit);
        }

        @Override
        public InputStream stream(Inbound<M> value) {
            return value.request().toByteString().newInput();
        }

        @Override
        public Inbound<M> parse(InputStream stream) {
            try (stream) { // or what it is unpacked with is only freed by the collector
                if (stream instanceof KnownLength && stream.available() <= limit.most()) {
                    return new Inbound<>(parser.parseFrom(stream), null);
                }
                byte[] bytes = bytes(stream);
                return limit.allows(bytes) ? new Inbound<>(parsed(bytes), null) : tooLarge();
            } catch (IOException e) {
                return new Inbound<>(prototype, unreadable());
            } catch (StatusRuntimeException e) { // from gRPC, which counts what a compressed message unpacks to
                if (e.getStatus().getCode() != Status.Code.RESOURCE_EXHAUSTED) {
                    throw e;
                }
                return tooLarge();
            }
        }

        /** The message; of one that is too large at least a byte too much. */
        private byte[] bytes(InputStream stream) throws IOException {
            int most = limit.longest() + 1;
            if (!(stream instanceof KnownLength)) {
                return stream.readNBytes(most);
            }
            byte[] bytes = new byte[Math.min(most, stream.available())];
            stream.readNBytes(bytes, 0, bytes.length);
            return bytes;
        }

        /** Of bytes that nobody else has; those of a picture are not copied. */
        private M parsed(byte[] bytes) throws IOException {
            CodedInputStream input = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
            input.enableAliasing(true);
            M message = parser.parseFrom(input);
            input.checkLastTagWas(0);
            return message;
        }

        private Inbound<M> tooLarge() {
            return new Inbound<>(
                    prototype,
                    new LimbicException.TooLarge(
                            "the message has, or unpacks to, more than %d bytes (limits.max-message)%s"
                                    .formatted(
                                            limit.most(),
                                            limit.mostMedia() == 0
                                                    ? ""
                                                    : ", a picture of up to limits.max-image not counted")));
        }

        private LimbicException unreadable() {
            return new LimbicException.Invalid(
                    "the message is not a %s, its text is not UTF-8, or its compression is broken"
                            .formatted(prototype.getDescriptorForType().getFullName()));
        }
    }
}
