package dev.limbic.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.security.Attempt.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who is let in, and how much each may, with a clock of our own. */
class GateTest {
    private static final String ALICE = "alices-long-token";
    private static final String BOB = "bobs-even-longer-token";

    private final Heard heard = new Heard();
    private final AtomicLong clock = new AtomicLong(17);
    private Tokens tokens = tokens("alice " + ALICE + " calls=2 streams=1 cost=100\nbob " + BOB + "\n");

    private static Tokens tokens(String text) {
        try {
            return TokensFile.parse(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Gate gate() {
        return new Gate(false, Set.of(Surface.HEALTH), () -> tokens, heard, clock::get);
    }

    private static Attempt attempt(Kind kind, @Nullable X509Certificate certificate, String... authorization) {
        return new Attempt(Surface.SERVICE, "Analyze", kind, "peer:1", List.of(authorization), certificate);
    }

    private static Caller enter(Gate gate, Kind kind, String token) {
        return gate.enter(attempt(kind, null, "Bearer " + token));
    }

    private static <E extends LimbicException> E refused(Class<E> type, Runnable call) {
        E thrown = catchThrowableOfType(type, call::run);
        assertThat(thrown).as("a refusal").isNotNull();
        return thrown;
    }

    private void passes(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void aTokenSaysWhoCalls() {
        Gate gate = gate();
        enter(gate, Kind.UNARY, ALICE).leave();
        gate.enter(attempt(Kind.UNARY, null, "bEARER  " + BOB)).leave();
        assertThat(heard.count("requests alice")).isEqualTo(1);
        assertThat(heard.count("requests bob")).isEqualTo(1);
        assertThat(heard.refusals).isEmpty();
    }

    @Test
    void whatIsNoTokenIsRefusedWithoutBeingRepeated() {
        Gate gate = gate();
        refused(LimbicException.Unauthenticated.class, () -> gate.enter(attempt(Kind.UNARY, null)));
        for (String wrong : List.of(
                ALICE,
                "Basic " + ALICE,
                "Bearer",
                "Bearer ",
                "Bearer " + ALICE + " x",
                "Bearer ä",
                "Bearer " + "x".repeat(5000),
                "")) {
            LimbicException thrown =
                    refused(LimbicException.Unauthenticated.class, () -> gate.enter(attempt(Kind.UNARY, null, wrong)));
            assertThat(thrown.getMessage()).doesNotContain(ALICE);
        }
        refused(
                LimbicException.Unauthenticated.class,
                () -> gate.enter(attempt(Kind.UNARY, null, "Bearer " + ALICE, "Bearer " + ALICE)));
        for (String unknown : List.of(ALICE + "x", ALICE.substring(1), "x")) {
            refused(LimbicException.Unauthenticated.class, () -> enter(gate, Kind.UNARY, unknown));
        }
        assertThat(heard.refusals.getFirst()).isEqualTo(" Analyze NO_TOKEN");
        assertThat(heard.refusals.subList(1, 10)).containsOnly(" Analyze MALFORMED_TOKEN");
        assertThat(heard.refusals.subList(10, 13)).containsOnly(" Analyze UNKNOWN_TOKEN");
        assertThat(attempt(Kind.UNARY, null, ALICE).toString()).doesNotContain(ALICE);
    }

    @Test
    void whatIsOpenIsOpenToEverybody() {
        Attempt health = new Attempt(Surface.HEALTH, "Check", Kind.UNARY, "peer:1", List.of("Bearer x"), null);
        assertThat(gate().enter(health)).isSameAs(Caller.ANYBODY);
        Attempt metrics = new Attempt(Surface.METRICS, "/metrics", Kind.UNARY, "peer:1", List.of(), null);
        refused(LimbicException.Unauthenticated.class, () -> gate().enter(metrics));
        Gate without = new Gate(false, Set.of(), null, heard, clock::get);
        assertThat(without.enter(metrics)).isSameAs(Caller.ANYBODY);
    }

    @Test
    void callsPerSecondFillUpAgain() {
        Gate gate = gate();
        enter(gate, Kind.UNARY, ALICE).leave();
        enter(gate, Kind.UNARY, ALICE).leave();
        LimbicException.Overloaded thrown =
                refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.UNARY, ALICE));
        assertThat(thrown.retryAfter()).isEqualTo(Duration.ofMillis(500));
        assertThat(thrown).hasMessage("client 'alice' may have 2 calls per second");
        enter(gate, Kind.UNARY, BOB).leave(); // whose quota is another
        passes(Duration.ofMillis(499));
        thrown = refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.UNARY, ALICE));
        assertThat(thrown.retryAfter()).isEqualTo(Duration.ofMillis(1));
        passes(thrown.retryAfter());
        enter(gate, Kind.UNARY, ALICE).leave();
        passes(Duration.ofHours(1)); // fills up to a second's worth, no more
        enter(gate, Kind.UNARY, ALICE).leave();
        enter(gate, Kind.UNARY, ALICE).leave();
        refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.UNARY, ALICE));
        assertThat(heard.refusals).containsOnly("alice Analyze CALLS");
    }

    @Test
    void messagesOfAStreamCountAsCalls() {
        Gate gate = gate();
        Caller stream = enter(gate, Kind.STREAM, ALICE);
        stream.request();
        refused(LimbicException.Overloaded.class, stream::request);
        passes(Duration.ofMillis(500));
        stream.request();
        stream.leave();
    }

    @Test
    void openStreamsAreCountedUntilTheyEnd() {
        Gate gate = gate();
        Caller stream = enter(gate, Kind.STREAM, ALICE);
        for (Kind kind : List.of(Kind.STREAM, Kind.ANSWERS)) {
            passes(Duration.ofSeconds(1));
            refused(LimbicException.Overloaded.class, () -> enter(gate, kind, ALICE));
        }
        passes(Duration.ofSeconds(1));
        enter(gate, Kind.UNARY, ALICE).leave(); // is no stream
        stream.leave();
        stream.leave(); // counts once
        passes(Duration.ofSeconds(1));
        Caller reply = enter(gate, Kind.ANSWERS, ALICE);
        assertThat(heard.count("streams alice")).isEqualTo(1);
        refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.STREAM, ALICE));
        reply.leave();
        assertThat(heard.count("streams alice")).isZero();
        assertThat(heard.refusals).containsOnly("alice Analyze STREAMS");
    }

    @Test
    void whatTextCostIsPaidAfterwards() {
        Gate gate = gate();
        Caller call = enter(gate, Kind.UNARY, ALICE);
        call.charge(350); // 250 more than there is
        call.leave();
        passes(Duration.ofSeconds(1));
        LimbicException.Overloaded thrown =
                refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.UNARY, ALICE));
        assertThat(thrown.retryAfter()).isEqualTo(Duration.ofMillis(1500).plusNanos(1));
        passes(Duration.ofMillis(1500));
        refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.UNARY, ALICE)); // nothing owed, nothing there
        passes(Duration.ofMillis(1));
        enter(gate, Kind.UNARY, ALICE).leave();
        assertThat(heard.count("cost alice")).isEqualTo(350);
        assertThat(heard.refusals).containsOnly("alice Analyze COST");
    }

    @Test
    void quotasChangeWithTheFileAndWhatWasUsedStaysUsed() {
        Gate gate = gate();
        enter(gate, Kind.UNARY, ALICE).leave();
        enter(gate, Kind.UNARY, ALICE).leave();
        tokens = tokens("alice " + ALICE + " calls=10\n");
        gate.renew();
        refused(LimbicException.Overloaded.class, () -> enter(gate, Kind.UNARY, ALICE));
        passes(Duration.ofMillis(100));
        enter(gate, Kind.UNARY, ALICE).leave();
        refused(LimbicException.Unauthenticated.class, () -> enter(gate, Kind.UNARY, BOB));
    }

    @Test
    void streamsOfATokenThatIsTakenBackEnd() {
        Gate gate = gate();
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger others = new AtomicInteger();
        enter(gate, Kind.STREAM, ALICE).whenRemoved(ended::incrementAndGet);
        enter(gate, Kind.STREAM, BOB).whenRemoved(others::incrementAndGet);
        Caller over = enter(gate, Kind.STREAM, BOB);
        over.whenRemoved(others::incrementAndGet);
        over.leave();
        tokens = tokens("alice " + ALICE + " calls=1\nbob " + BOB + "\n");
        gate.renew();
        assertThat(ended.get()).as("another quota is no other token").isZero();
        tokens = tokens("alice another-token-for-her\nbob " + BOB + "\n");
        gate.renew();
        gate.renew();
        assertThat(ended.get()).isEqualTo(1);
        assertThat(others.get()).isZero();
        tokens = tokens("carol carols-quite-long-token\n");
        gate.renew();
        assertThat(others.get()).as("only the one that is open").isEqualTo(1);
        assertThat(heard.refusals).containsExactly("alice Analyze REMOVED_TOKEN", "bob Analyze REMOVED_TOKEN");
    }

    @Test
    void aTokenTakenBackWhileItsStreamBeginsEndsItToo() {
        Gate gate = gate();
        AtomicInteger ended = new AtomicInteger();
        Caller stream = enter(gate, Kind.STREAM, ALICE);
        tokens = tokens("bob " + BOB + "\n");
        gate.renew();
        stream.whenRemoved(ended::incrementAndGet);
        assertThat(ended.get()).isEqualTo(1);
    }

    @Test
    void aCertificateStandsForTheTokenOfItsName() throws GeneralSecurityException {
        Gate gate = gate();
        gate.enter(attempt(Kind.UNARY, Certificates.certificate("alice"))).leave();
        assertThat(heard.count("requests alice")).isEqualTo(1);
        for (String stranger : List.of("stranger", "twofold")) {
            X509Certificate certificate = Certificates.certificate(stranger);
            refused(LimbicException.Denied.class, () -> gate.enter(attempt(Kind.UNARY, certificate)));
            gate.enter(attempt(Kind.UNARY, certificate, "Bearer " + BOB)).leave(); // the token says who
        }
        assertThat(heard.count("requests bob")).isEqualTo(2);
        X509Certificate alice = Certificates.certificate("alice");
        refused(
                LimbicException.Unauthenticated.class,
                () -> gate.enter(attempt(Kind.UNARY, alice, "Bearer an-unknown-token")));
        assertThat(heard.refusals)
                .containsExactly(
                        " Analyze UNKNOWN_CERTIFICATE", " Analyze UNKNOWN_CERTIFICATE", " Analyze UNKNOWN_TOKEN");
    }

    @Test
    void whereCertificatesAreRequiredATokenIsNotEnough() throws GeneralSecurityException {
        Gate both = new Gate(true, Set.of(), () -> tokens, heard, clock::get);
        refused(LimbicException.Unauthenticated.class, () -> enter(both, Kind.UNARY, ALICE));
        both.enter(attempt(Kind.UNARY, Certificates.certificate("stranger"), "Bearer " + ALICE))
                .leave();
        Gate certificates = new Gate(true, Set.of(), null, heard, clock::get);
        refused(LimbicException.Unauthenticated.class, () -> enter(certificates, Kind.UNARY, ALICE));
        certificates
                .enter(attempt(Kind.UNARY, Certificates.certificate("stranger")))
                .leave();
        assertThat(heard.count("requests certificate")).isEqualTo(1);
        assertThat(heard.refusals).containsOnly(" Analyze NO_CERTIFICATE");
    }
}
