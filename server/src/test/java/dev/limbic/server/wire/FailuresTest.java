package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.RetryInfo;
import dev.limbic.domain.LimbicException;
import dev.limbic.v1.Error;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FailuresTest {
    private static final Duration SOON = Duration.ofMillis(1500);

    private static final Map<LimbicException, Status.Code> EXPECTED = Map.of(
            new LimbicException.Invalid("why"), Status.Code.INVALID_ARGUMENT,
            new LimbicException.NotFound("why"), Status.Code.NOT_FOUND,
            new LimbicException.Unsupported("why"), Status.Code.UNIMPLEMENTED,
            new LimbicException.Unauthenticated("why"), Status.Code.UNAUTHENTICATED,
            new LimbicException.Denied("why"), Status.Code.PERMISSION_DENIED,
            new LimbicException.TooLarge("why"), Status.Code.RESOURCE_EXHAUSTED,
            new LimbicException.Overloaded("why", SOON), Status.Code.RESOURCE_EXHAUSTED,
            new LimbicException.Expired("why"), Status.Code.DEADLINE_EXCEEDED,
            new LimbicException.Unavailable("why", SOON), Status.Code.UNAVAILABLE,
            new LimbicException.Internal("why", new IllegalStateException("secret")), Status.Code.INTERNAL);

    @Test
    void everyKindOfFailureHasItsStatus() {
        Set<Class<?>> covered = new HashSet<>();
        EXPECTED.forEach((thrown, code) -> {
            covered.add(thrown.getClass());
            Failures.Failure failure = Failures.of(thrown);
            assertThat(failure.code()).isEqualTo(code);
            Error inStream = failure.inStream();
            assertThat(inStream.getCode()).isEqualTo(code.value());
            assertThat(inStream.getMessage()).isEqualTo(failure.message()).isNotBlank();
        });
        assertThat(covered)
                .containsExactlyInAnyOrderElementsOf(Arrays.asList(LimbicException.class.getPermittedSubclasses()));
    }

    @Test
    void whatMayBeRetriedSaysWhen() throws InvalidProtocolBufferException {
        for (LimbicException thrown : EXPECTED.keySet()) {
            Failures.Failure failure = Failures.of(thrown);
            boolean retry =
                    thrown instanceof LimbicException.Overloaded || thrown instanceof LimbicException.Unavailable;
            assertThat(failure.inStream().getRetryAfterMillis()).isEqualTo(retry ? 1500 : 0);
            com.google.rpc.Status details = Objects.requireNonNull(
                    StatusProto.fromThrowable(new StatusRuntimeException(failure.status(), failure.trailers())));
            assertThat(details.getDetailsCount()).isEqualTo(retry ? 1 : 0);
            if (retry) {
                RetryInfo info = details.getDetails(0).unpack(RetryInfo.class);
                assertThat(info.getRetryDelay().getSeconds()).isEqualTo(1);
                assertThat(info.getRetryDelay().getNanos()).isEqualTo(500_000_000);
            }
        }
    }

    @Test
    void aDefectTellsNothingOfItself() {
        Failures.Failure failure =
                Failures.of(new LimbicException.Internal("text: hello", new IllegalStateException()));
        assertThat(failure.message()).doesNotContain("hello");
        assertThat(Failures.of(new IllegalStateException("hello")).code()).isEqualTo(Status.Code.INTERNAL);
        assertThat(Failures.of(new IllegalStateException("hello")).message()).doesNotContain("hello");
    }
}
