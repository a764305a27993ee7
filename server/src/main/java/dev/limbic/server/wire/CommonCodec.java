package dev.limbic.server.wire;

import com.google.common.base.Utf8;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.BatchKind;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.v1.CostUnit;
import dev.limbic.v1.Limits;
import dev.limbic.v1.Timing;
import io.grpc.Deadline;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Messages of common.proto to words of the domain and back. */
final class CommonCodec {
    /** Most of what a client calls things by: requests, events, subjects, models, manners; in bytes of UTF-8. */
    static final int MAX_NAME_BYTES = 256;

    private CommonCodec() {}

    /**
     * A name that a client gave.
     *
     * @param field of the message, for the error
     * @throws LimbicException.Invalid if it is too long
     */
    static String name(String field, String given) {
        if (isLong(given)) {
            throw new LimbicException.Invalid("%s must have at most %d bytes of UTF-8, found %d"
                    .formatted(field, MAX_NAME_BYTES, Utf8.encodedLength(given)));
        }
        return given;
    }

    /** What an answer says of whom it belongs to: the name that was given, or nothing if that is too long. */
    static String echo(String given) {
        return isLong(given) ? "" : given;
    }

    /** Whether a name is longer than names may be. */
    static boolean isLong(String name) {
        // A char is 1 to 3 bytes; most names are decided without counting.
        return name.length() > MAX_NAME_BYTES
                || (name.length() > MAX_NAME_BYTES / 3 && Utf8.encodedLength(name) > MAX_NAME_BYTES);
    }

    /** @throws LimbicException.Invalid if it is unknown */
    static Priority priority(dev.limbic.v1.Priority priority, int number) {
        return switch (priority) {
            case PRIORITY_LOW -> Priority.LOW;
            case PRIORITY_UNSPECIFIED, PRIORITY_NORMAL -> Priority.NORMAL;
            case PRIORITY_HIGH -> Priority.HIGH;
            case UNRECOGNIZED -> throw new LimbicException.Invalid("priority %d is unknown".formatted(number));
        };
    }

    /** Time left in nanoseconds, by the request's own bound and the call's. */
    static long timeout(int millis, @Nullable Deadline deadline) {
        if (millis < 0) {
            throw new LimbicException.Invalid("timeout_millis is %d; 0 means none".formatted(millis));
        }
        long own = millis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(millis);
        return deadline == null ? own : Math.min(own, deadline.timeRemaining(TimeUnit.NANOSECONDS));
    }

    static Timing timing(Answer<?> answer) {
        Answer.Timing timing = answer.timing();
        return Timing.newBuilder()
                .setBatchRows(timing.batchRows())
                .setBatchCost(timing.batchCost())
                .setCost(answer.cost())
                .setCostUnit(unit(answer.unit()))
                .setPrepareMicros(timing.prepareNanos() / 1000)
                .setQueueMicros(timing.queueNanos() / 1000)
                .setComputeMicros(timing.computeNanos() / 1000)
                .setTotalMicros(timing.totalNanos() / 1000)
                .build();
    }

    private static CostUnit unit(BatchKind.Unit unit) {
        return switch (unit) {
            case TOKENS -> CostUnit.COST_UNIT_TOKENS;
            case PIXELS -> CostUnit.COST_UNIT_PIXELS;
        };
    }

    static Limits limits(WireSettings settings) {
        return Limits.newBuilder()
                .setMaxTextBytes(settings.maxTextBytes())
                .setMaxImageBytes(settings.maxImageBytes())
                .setMaxMessageBytes(settings.maxMessageBytes())
                .setMaxInFlightPerStream(settings.maxInFlightPerStream())
                .setMaxCalls(settings.maxCalls())
                .setMaxCallsPerConnection(settings.maxCallsPerConnection())
                .setMaxFramesPerSecond((float) settings.maxFramesPerSecond())
                .setMaxSubjectsPerStream(settings.maxSubjectsPerStream())
                .build();
    }
}
