package dev.limbic.server.wire;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.RetryInfo;
import dev.limbic.domain.LimbicException;
import dev.limbic.v1.Error;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import org.jspecify.annotations.Nullable;

/** The only place that decides which gRPC status an exception becomes. */
final class Failures {
    private static final Metadata.Key<com.google.rpc.Status> DETAILS = Metadata.Key.of(
            "grpc-status-details-bin", ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

    private Failures() {}

    /**
     * How a failure is told to a client.
     *
     * @param retryAfter null when a retry is not suggested
     */
    record Failure(Status.Code code, String message, java.time.@Nullable Duration retryAfter) {
        /** For a call as a whole. */
        Status status() {
            return code.toStatus().withDescription(message);
        }

        /** Trailers for a call as a whole: RetryInfo, when a retry makes sense. */
        Metadata trailers() {
            Metadata trailers = new Metadata();
            if (retryAfter != null) {
                RetryInfo retry = RetryInfo.newBuilder()
                        .setRetryDelay(Duration.newBuilder()
                                .setSeconds(retryAfter.getSeconds())
                                .setNanos(retryAfter.getNano()))
                        .build();
                trailers.put(
                        DETAILS,
                        com.google.rpc.Status.newBuilder()
                                .setCode(code.value())
                                .setMessage(message)
                                .addDetails(Any.pack(retry))
                                .build());
            }
            return trailers;
        }

        /** For one request of a stream. */
        Error inStream() {
            Error.Builder error = Error.newBuilder().setCode(code.value()).setMessage(message);
            if (retryAfter != null) {
                error.setRetryAfterMillis(Math.max(1, retryAfter.toMillis()));
            }
            return error.build();
        }
    }

    /** The failure as a client shall see it. What is not ours to tell becomes INTERNAL without particulars. */
    static Failure of(Throwable thrown) {
        if (!(thrown instanceof LimbicException known)) {
            return internal();
        }
        return switch (known) {
            case LimbicException.Invalid e -> failure(Status.Code.INVALID_ARGUMENT, e, null);
            case LimbicException.NotFound e -> failure(Status.Code.NOT_FOUND, e, null);
            case LimbicException.Unsupported e -> failure(Status.Code.UNIMPLEMENTED, e, null);
            case LimbicException.Unauthenticated e -> failure(Status.Code.UNAUTHENTICATED, e, null);
            case LimbicException.Denied e -> failure(Status.Code.PERMISSION_DENIED, e, null);
            case LimbicException.TooLarge e -> failure(Status.Code.RESOURCE_EXHAUSTED, e, null);
            case LimbicException.Overloaded e -> failure(Status.Code.RESOURCE_EXHAUSTED, e, e.retryAfter());
            case LimbicException.Expired e -> failure(Status.Code.DEADLINE_EXCEEDED, e, null);
            case LimbicException.Unavailable e -> failure(Status.Code.UNAVAILABLE, e, e.retryAfter());
            case LimbicException.Internal e -> internal();
        };
    }

    private static Failure failure(
            Status.Code code, LimbicException exception, java.time.@Nullable Duration retryAfter) {
        String message = exception.getMessage();
        return new Failure(code, message == null ? code.name() : message, retryAfter);
    }

    private static Failure internal() {
        return new Failure(Status.Code.INTERNAL, "internal error; the server's log says more", null);
    }
}
