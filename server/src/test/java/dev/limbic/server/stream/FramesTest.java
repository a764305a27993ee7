package dev.limbic.server.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Box;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.FaceRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** The frames of one stream; the test reads them by hand and moves the clock. */
class FramesTest {
    private static final FrameRules RULES =
            new FrameRules(30, 3, Duration.ofSeconds(10), new FrameRules.Smoothing(1, 0.2));

    private final FakeFaceReader reader = new FakeFaceReader();
    private final List<String> told = new ArrayList<>();
    private final List<FrameEvent.Seen> seen = new ArrayList<>();
    private final List<String> done = new ArrayList<>();
    private final List<FrameObserver.Drop> drops = new ArrayList<>();
    private int came;
    private boolean listens = true;
    private long now = -5;
    private Frames frames = open(FrameSettings.DEFAULT);

    private Frames open(FrameSettings settings) {
        FrameObserver observer = new FrameObserver() {
            @Override
            public void came() {
                came++;
            }

            @Override
            public void dropped(Drop reason) {
                drops.add(reason);
            }
        };
        return new Frames(reader, RULES, settings, observer, () -> now, new ReentrantLock(), new Frames.Audience() {
            @Override
            public void event(FrameEvent event) {
                switch (event) {
                    case FrameEvent.Seen each -> {
                        told.add(each.cause().id() + " after " + each.dropped());
                        seen.add(each);
                    }
                    case FrameEvent.Failed each -> told.add(each.cause().id() + " failed");
                }
            }

            @Override
            public void done(StreamFrame frame) {
                done.add(frame.cause().id());
            }

            @Override
            public boolean listens() {
                return listens;
            }
        });
    }

    private void pass(double millis) {
        now += (long) (millis * 1e6);
    }

    /** A frame that comes 40 ms after the one before. */
    private void see(String subject, String id) {
        pass(40);
        frames.see(FakeFaceReader.frame(subject, id, 0));
    }

    @Test
    void theLatestOverTakesWhatWaits() {
        for (String id : List.of("1", "2", "3", "4")) {
            see("", id);
        }
        assertThat(reader.pending()).containsExactly("1");
        assertThat(done).containsExactly("2", "3");
        assertThat(frames.idle()).isFalse();
        reader.answer(1);
        assertThat(reader.pending()).containsExactly("4");
        reader.answer(1);
        assertThat(told).containsExactly("1 after 2", "4 after 0");
        assertThat(done).containsExactly("2", "3", "1", "4");
        assertThat(frames.idle()).isTrue();
        assertThat(came).isEqualTo(4);
        assertThat(drops).containsExactly(FrameObserver.Drop.OVERTAKEN, FrameObserver.Drop.OVERTAKEN);
    }

    @Test
    void subjectsDoNotHoldEachOtherUp() {
        see("a", "a1");
        see("b", "b1");
        see("a", "a2");
        see("a", "a3");
        assertThat(reader.pending()).containsExactly("a1", "b1");
        reader.answer("b1", 1);
        see("b", "b2");
        assertThat(reader.pending()).containsExactly("a1", "b2");
        reader.answer("a1", 1);
        reader.answer("b2", 1);
        reader.answer("a3", 1);
        assertThat(told).containsExactly("b1 after 0", "a1 after 1", "b2 after 0", "a3 after 0");
    }

    @Test
    void aFailureIsToldAndStopsNobody() {
        see("", "1");
        see("", "2");
        see("", "3");
        reader.fail("1", new LimbicException.Invalid("broken"));
        assertThat(reader.pending()).containsExactly("3");
        reader.refuse(new LimbicException.Overloaded("full", Duration.ZERO));
        see("", "4");
        reader.answer(1);
        assertThat(told).containsExactly("1 failed", "3 after 1", "4 failed");
        see("", "5");
        reader.answer(1);
        assertThat(told).last().isEqualTo("5 after 0");
        assertThat(done).containsExactlyInAnyOrder("1", "2", "3", "4", "5");
    }

    @Test
    void whatComesTooSoonIsDroppedAndCounted() {
        frames = open(new FrameSettings("", "", true, 10));
        for (int i = 0; i < 12; i++) {
            see("", "f" + i); // 25 a second
            if (!reader.pending().isEmpty()) {
                reader.answer(1);
            }
        }
        assertThat(told)
                .containsExactly(
                        "f0 after 0",
                        "f1 after 0",
                        "f2 after 0",
                        "f3 after 0",
                        "f4 after 0",
                        "f7 after 2",
                        "f9 after 1");
        assertThat(drops).hasSize(5).containsOnly(FrameObserver.Drop.EARLY);
    }

    @Test
    void noClientIsFasterThanTheServerAllows() {
        frames = open(new FrameSettings("", "", true, 1000));
        for (int i = 0; i < 600; i++) {
            pass(10);
            frames.see(FakeFaceReader.frame("", "", 0));
            reader.answerAll();
        }
        assertThat(told.size()).isBetween(179, 189);
        for (double rate : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new FrameSettings("", "", true, rate))
                    .isInstanceOf(LimbicException.Invalid.class)
                    .hasMessageContaining("max_frames_per_second is " + rate);
        }
    }

    @Test
    void nothingIsBegunWhileNobodyListens() {
        listens = false;
        see("a", "a1");
        see("a", "a2");
        see("b", "b1");
        assertThat(reader.pending()).isEmpty();
        listens = true;
        see("c", "c1");
        assertThat(reader.pending()).containsExactly("c1");
        frames.proceed();
        assertThat(reader.pending()).containsExactlyInAnyOrder("c1", "a2", "b1");
        listens = false;
        see("c", "c2");
        reader.answerAll();
        assertThat(reader.pending()).isEmpty();
        assertThat(told).containsExactlyInAnyOrder("c1 after 0", "a2 after 1", "b1 after 0");
        listens = true;
        frames.proceed();
        assertThat(reader.pending()).containsExactly("c2");
    }

    @Test
    void aSilentSubjectIsForgottenAndTooManyAreRefused() {
        see("a", "a1");
        see("b", "b1");
        reader.answerAll();
        see("c", "c1");
        assertThatThrownBy(() -> see("d", "d1"))
                .isInstanceOf(LimbicException.Overloaded.class)
                .hasMessageContaining("3 subjects", "frames.max-subjects");
        pass(10_001);
        frames.forgetSilent();
        see("d", "d2");
        see("e", "e1");
        assertThatThrownBy(() -> see("f", "f1")).as("c is still looked at").isInstanceOf(LimbicException.class);
        reader.answerAll();
        assertThat(told).last().isEqualTo("e1 after 0");
        assertThat(came).isEqualTo(5);
        pass(5000);
        see("d", "d3");
        pass(6000);
        see("g", "g1");
        reader.answerAll();
        see("a", "a2");
        assertThatThrownBy(() -> see("h", "h1")).isInstanceOf(LimbicException.class);
    }

    @Test
    void facesAreSmoothedUnlessTheClientWantsThemAsTheyAre() {
        for (boolean smoothed : new boolean[] {true, false}) {
            frames = open(new FrameSettings("", "", smoothed, 0));
            seen.clear();
            for (float logit : new float[] {0, 0, 8}) {
                see("", "");
                reader.answer(logit);
            }
            float[] logits = seen.getLast()
                    .reading()
                    .faces()
                    .getFirst()
                    .emotions()
                    .value()
                    .logits();
            float meaning = seen.getLast()
                    .reading()
                    .faces()
                    .getFirst()
                    .emotions()
                    .value()
                    .intensity();
            assertThat(logits[0]).isBetween(smoothed ? 2f : 8f, smoothed ? 7.5f : 8f);
            assertThat(meaning).as("follows from the logits that are told").isEqualTo(logits[0] / 10);
        }
    }

    @Test
    void theClientsClockIsTheOneOfTheFilter() {
        float[] last = new float[2];
        for (int run = 0; run < 2; run++) {
            frames = open(FrameSettings.DEFAULT);
            for (int i = 0; i < 3; i++) {
                pass(run == 0 ? 40 : 400);
                frames.see(FakeFaceReader.frame("", "", 1_000_000 + i * 40_000));
                reader.answer(i);
            }
            last[run] = seen.getLast()
                    .reading()
                    .faces()
                    .getFirst()
                    .emotions()
                    .value()
                    .logits()[0];
        }
        assertThat(last[0]).isEqualTo(last[1]).isBetween(0.5f, 1.9f);
    }

    @Test
    void afterASilenceFacesAreNewAndTheFilterBeginsAnew() {
        see("", "1");
        reader.answer(0);
        pass(10_001);
        see("", "2");
        reader.answer(9);
        assertThat(seen.getLast()
                        .reading()
                        .faces()
                        .getFirst()
                        .emotions()
                        .value()
                        .logits()[0])
                .isEqualTo(9);
        assertThat(seen).extracting(each -> each.subjects().getFirst()).containsOnly("face-1");
    }

    @Test
    void facesAreCalledAfterTheSubjectOrByNumber() {
        Box left = new Box(0, 0, 0.3f, 0.3f);
        Box right = new Box(0.6f, 0, 0.3f, 0.3f);
        see("", "1");
        reader.answer(1, left, right);
        see("Ann", "2");
        reader.answer(1, left, right);
        see("Ann", "3");
        reader.answer(1, right, left);
        assertThat(seen)
                .extracting(FrameEvent.Seen::subjects)
                .containsExactly(List.of("face-1", "face-2"), List.of("Ann", "Ann/2"), List.of("Ann/2", "Ann"));
    }

    @Test
    void whatIsClosedIsCancelledAndTellsNothing() {
        see("a", "a1");
        see("a", "a2");
        see("b", "b1");
        frames.close();
        assertThat(reader.cancelled()).containsExactlyInAnyOrder("a1", "b1");
        reader.answerAll();
        see("a", "a3");
        frames.proceed();
        assertThat(told).isEmpty();
        assertThat(reader.pending()).isEmpty();
    }

    @Test
    void timeoutsRunWhileFramesWait() {
        FaceRequest bounded = FakeFaceReader.frame("", "1", 0).picture();
        StreamFrame frame = new StreamFrame(
                FakeFaceReader.frame("", "2", 0).cause(),
                new FaceRequest(
                        "",
                        "own",
                        bounded.image(),
                        bounded.boxes(),
                        bounded.priority(),
                        Duration.ofMillis(100).toNanos()));
        frames = open(new FrameSettings("", "finder", true, 0));
        see("", "1");
        assertThat(reader.requests().getLast().timeoutNanos()).isEqualTo(Long.MAX_VALUE);
        assertThat(reader.requests().getLast().finder()).isEqualTo("finder");
        pass(40);
        frames.see(frame);
        pass(70);
        reader.answer(1);
        assertThat(reader.requests().getLast().timeoutNanos())
                .isEqualTo(Duration.ofMillis(30).toNanos());
        assertThat(reader.requests().getLast().finder()).isEqualTo("own");
    }

    private void watch(String subject, String id, Box... boxes) {
        pass(40);
        frames.see(FakeFaceReader.frame("video", subject, id, 0));
        if (!reader.pending().isEmpty()) {
            reader.answer(1, boxes);
        }
    }

    private int taken() {
        return FakeFaceReader.SLOTS - reader.slots().available();
    }

    @Test
    void aModelThatRemembersHasAPlaceForEachFaceAsLongAsThatIsRemembered() {
        frames = open(new FrameSettings("video", "", true, 0));
        Box left = new Box(0, 0, 0.3f, 0.3f);
        Box right = new Box(0.6f, 0, 0.3f, 0.3f);
        watch("a", "1", left, right);
        watch("a", "2", right, left);
        assertThat(reader.states().get(1))
                .containsExactlyElementsOf(reader.states().getFirst().reversed());
        watch("b", "3", left);
        assertThat(taken()).isEqualTo(3);
        assertThat(seen)
                .extracting(FrameEvent.Seen::subjects)
                .containsExactly(List.of("a", "a/2"), List.of("a/2", "a"), List.of("b"));
        pass(6000);
        watch("a", "4", left);
        pass(6000);
        frames.forgetSilent();
        assertThat(taken()).as("b is forgotten").isEqualTo(2);
        watch("a", "5", left);
        assertThat(taken()).as("the right one is forgotten").isEqualTo(1);
        watch("b", "6", left, right);
        assertThat(taken()).isEqualTo(3);
        pass(40);
        frames.see(FakeFaceReader.frame("video", "b", "7", 0));
        frames.close();
        assertThat(taken()).isZero();
        reader.answerAll();
        assertThat(taken()).as("after a late answer").isZero();
    }

    @Test
    void oneStreamDoesNotTakeAllPlaces() {
        frames = open(new FrameSettings("video", "", true, 0));
        Box[] crowd = new Box[32];
        for (int i = 0; i < crowd.length; i++) {
            crowd[i] = new Box(0.03f * i, 0, 0.02f, 0.1f);
        }
        watch("a", "1", crowd);
        watch("b", "2", crowd);
        assertThat(taken()).isEqualTo(64);
        watch("c", "3", crowd);
        watch("a", "4", crowd);
        assertThat(told).containsExactly("1 after 0", "2 after 0", "3 failed", "4 after 0");
        assertThat(taken()).isEqualTo(64);
        pass(10_001);
        watch("c", "5", crowd);
        assertThat(told).last().isEqualTo("5 after 0");
        assertThat(taken()).isEqualTo(32);
    }

    @Test
    void modelsThatAreNotServedAreRefusedAtOnce() {
        assertThatThrownBy(() -> open(new FrameSettings("nobody", "", true, 0))).hasMessage("nobody");
    }
}
