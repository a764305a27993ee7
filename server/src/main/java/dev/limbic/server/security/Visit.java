package dev.limbic.server.security;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.security.Tokens.Token;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A call of a known client. */
final class Visit implements Caller {
    /** How long streams are held by those who hold them is anybody's guess. */
    private static final Duration RETRY_STREAMS = Duration.ofSeconds(1);

    private final Gate gate;
    private final Client client;
    private final Token token;
    private final Attempt attempt;
    private final AtomicBoolean left = new AtomicBoolean();
    private final AtomicReference<@Nullable Runnable> whenRemoved = new AtomicReference<>();

    Visit(Gate gate, Client client, Token token, Attempt attempt) {
        this.gate = gate;
        this.client = client;
        this.token = token;
        this.attempt = attempt;
    }

    Token token() {
        return token;
    }

    /** @throws LimbicException.Overloaded if the quota is used up */
    void begin() {
        switch (attempt.kind()) {
            case UNARY -> request();
            case ANSWERS -> {
                request();
                openStream();
            }
            case STREAM -> {
                takeCall(); // what its messages cost is asked at each
                openStream();
                gate.observer().admitted(client.name());
            }
        }
    }

    @Override
    public void request() {
        long indebted = client.nanosUntilSolvent();
        if (indebted > 0) {
            throw refused(
                    Refusal.COST,
                    "%d tokens of text per second".formatted(client.quota().cost()),
                    Duration.ofNanos(indebted));
        }
        takeCall();
        gate.observer().admitted(client.name());
    }

    private void takeCall() {
        long early = client.takeCall();
        if (early > 0) {
            throw refused(
                    Refusal.CALLS,
                    "%d calls per second".formatted(client.quota().calls()),
                    Duration.ofNanos(early));
        }
    }

    private void openStream() {
        if (!client.openStream()) {
            throw refused(
                    Refusal.STREAMS, "%d open streams".formatted(client.quota().streams()), RETRY_STREAMS);
        }
        gate.observer().streams(client.name(), 1);
    }

    private LimbicException refused(Refusal reason, String allowed, Duration retryAfter) {
        gate.observer().refused(client.name(), attempt.peer(), attempt.method(), reason);
        return new LimbicException.Overloaded("client '%s' may have %s".formatted(client.name(), allowed), retryAfter);
    }

    @Override
    public void charge(int tokens) {
        if (tokens > 0) {
            client.charge(tokens);
            gate.observer().used(client.name(), tokens);
        }
    }

    @Override
    public void whenRemoved(Runnable end) {
        whenRemoved.set(end);
        gate.watch(this);
    }

    /** Ends the call, whose token is no longer valid. */
    void remove() {
        Runnable end = whenRemoved.getAndSet(null);
        if (end != null && !left.get()) {
            gate.observer().refused(client.name(), attempt.peer(), attempt.method(), Refusal.REMOVED_TOKEN);
            end.run();
        }
    }

    @Override
    public void leave() {
        if (left.compareAndSet(false, true) && attempt.kind() != Attempt.Kind.UNARY) {
            client.closeStream();
            gate.observer().streams(client.name(), -1);
            gate.forget(this);
        }
    }
}
