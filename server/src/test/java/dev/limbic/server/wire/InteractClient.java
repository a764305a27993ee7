package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client that takes every event, or as many as it wants. */
final class InteractClient implements ClientResponseObserver<InteractRequest, InteractResponse> {
    /** Comes after the last event. */
    static final InteractResponse END =
            InteractResponse.newBuilder().setEventId("END").build();

    private final boolean reads;
    private final BlockingQueue<InteractResponse> events = new LinkedBlockingQueue<>();
    private @Nullable ClientCallStreamObserver<InteractRequest> call;
    private volatile @Nullable Status status;

    InteractClient(boolean reads) {
        this.reads = reads;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<InteractRequest> started) {
        call = started;
        if (!reads) {
            started.disableAutoRequestWithInitial(0);
        }
    }

    @Override
    public void onNext(InteractResponse event) {
        events.add(event);
    }

    @Override
    public void onError(Throwable thrown) {
        status = ((StatusRuntimeException) thrown).getStatus();
        events.add(END);
    }

    @Override
    public void onCompleted() {
        status = Status.OK;
        events.add(END);
    }

    ClientCallStreamObserver<InteractRequest> call() {
        return Objects.requireNonNull(call);
    }

    Status status() {
        return Objects.requireNonNull(status);
    }

    InteractResponse next() throws InterruptedException {
        InteractResponse event = events.poll(20, TimeUnit.SECONDS);
        assertThat(event).as("an event within 20 s").isNotNull();
        return event;
    }

    /** The reply's text up to its end. */
    String reply(String id) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        for (InteractResponse event = next(); ; event = next()) {
            assertThat(event.getEventId()).isEqualTo(id);
            text.append(event.getToken().getTextDelta());
            if (event.hasReplyFinished()) {
                return text.append(event.getReplyFinished().getTextDelta()).toString();
            }
        }
    }
}
