package dev.limbic.server.wire;

import static dev.limbic.server.Patience.await;
import static dev.limbic.server.wire.FrameFixture.faces;
import static dev.limbic.server.wire.FrameFixture.picture;
import static dev.limbic.server.wire.FrameFixture.see;
import static dev.limbic.server.wire.InteractClient.END;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.limbic.v1.Channel;
import dev.limbic.v1.Face;
import dev.limbic.v1.FrameSettings;
import dev.limbic.v1.Image;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.Utterance;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames on Interact, over a real connection. */
class FramesWireTest {
    private FrameFixture fixture = new FrameFixture(false);

    FramesWireTest() throws IOException {}

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static Status.Code code(InteractResponse response) {
        assertThat(response.hasError()).as(response.toString()).isTrue();
        return Status.fromCodeValue(response.getError().getCode()).getCode();
    }

    @Test
    void aServerOfPicturesAloneReadsFrames() throws Exception {
        InteractClient client = fixture.open();
        see(client, "", "1", 77, faces(Map.of(20, 90, 4, 50)));
        InteractResponse response = client.next();
        assertThat(response.getEventId()).isEqualTo("1");
        assertThat(response.getClientTimeMicros()).isEqualTo(77);
        assertThat(response.getFaces().getDropped()).isZero();
        assertThat(response.getFaces().getFaces().getFinder()).isEqualTo("finder");
        List<Face> found = response.getFaces().getFaces().getFacesList();
        assertThat(found).extracting(Face::getSubject).containsExactly("face-1", "face-2");
        assertThat(found).extracting(face -> face.getBox().getX()).containsExactly(0.5f, 0.1f);
        assertThat(found.getFirst().getAnalysis().getModel()).isEqualTo("reader");
        see(client, "Kim", "2", 78, picture(30));
        response = client.next();
        assertThat(response.getSubject()).isEqualTo("Kim");
        Face whole = response.getFaces().getFaces().getFaces(0);
        assertThat(whole.getSubject()).isEqualTo("Kim");
        assertThat(whole.getAnalysis().getLogits(0)).isEqualTo(30);
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setUtterance(Utterance.newBuilder().setText("a"))
                        .build());
        assertThat(code(client.next())).isEqualTo(Status.Code.NOT_FOUND);
        client.call().onCompleted();
        assertThat(client.next()).isEqualTo(END);
        assertThat(client.status()).isEqualTo(Status.OK);
    }

    @Test
    void theLatestOvertakesWhatWaitsAndOvertakenOnesAreCounted() throws Exception {
        InteractClient client = fixture.open();
        fixture.faces.holdBatches();
        see(client, "", "1", 1, picture(1));
        fixture.faces.awaitHeldBatch();
        for (int i = 2; i <= 50; i++) { // many more than the window
            see(client, "", String.valueOf(i), i, picture(i));
        }
        await(() -> fixture.came.get() == 50);
        assertThat(fixture.server.bytesInFlight())
                .as("the stream and two frames")
                .isLessThan(60_000);
        fixture.faces.stopHolding();
        InteractResponse first = client.next();
        assertThat(first.getEventId()).isEqualTo("1");
        assertThat(first.getFaces().getDropped()).isEqualTo(48);
        InteractResponse last = client.next();
        assertThat(last.getEventId()).isEqualTo("50");
        assertThat(last.getFaces().getDropped()).isZero();
        assertThat(fixture.faces.read()).containsExactly(1, 50);
        assertThat(fixture.dropped).hasValue(48);
    }

    @Test
    void facesKeepTheirNamesWhileTheyMoveAndCross() throws Exception {
        InteractClient client = fixture.open();
        for (int i = 2; i <= 34; i++) {
            Map<Integer, Integer> columns = new HashMap<>();
            columns.put(i, 90);
            columns.putIfAbsent(36 - i, 50); // in front of the other one when both are in the middle
            see(client, "", "", i * 33_333L, faces(columns));
            List<Face> found = client.next().getFaces().getFaces().getFacesList();
            if (Math.abs(36 - 2 * i) >= 2) {
                assertThat(found).extracting(Face::getSubject).as("at " + i).containsExactly("face-1", "face-2");
            }
        }
    }

    @Test
    void logitsAreSmoothedUnlessTheClientWantsThemRaw() throws Exception {
        for (boolean unsmoothed : new boolean[] {false, true}) {
            InteractClient client = fixture.open(
                    InteractSetup.newBuilder()
                            .setFrames(FrameSettings.newBuilder().setUnsmoothed(unsmoothed)),
                    true);
            float logit = 0;
            float probability = 0;
            for (int i = 0; i < 3; i++) {
                see(client, "", "", 1 + i * 33_333L, picture(i == 2 ? 80 : 0));
                Face face = client.next().getFaces().getFaces().getFaces(0);
                logit = face.getAnalysis().getLogits(0);
                probability = face.getAnalysis().getProbabilities(0);
            }
            assertThat(logit).isBetween(unsmoothed ? 80f : 20f, unsmoothed ? 80f : 79f);
            assertThat(probability).as("follows from the logits").isEqualTo(logit / 100, within(1e-6f));
        }
    }

    @Test
    void tooManySubjectsAreRefusedAndSilentOnesForgotten() throws Exception {
        InteractClient client = fixture.open();
        for (String subject : List.of("a", "b", "c")) {
            see(client, subject, subject, 1, picture(1));
            assertThat(client.next().hasFaces()).isTrue();
        }
        for (int i = 0; i < 3 * FrameFixture.WINDOW; i++) { // refusals give their places back
            see(client, "d", "d", 1, picture(1));
            InteractResponse refused = client.next();
            assertThat(code(refused)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(refused.getSubject()).isEqualTo("d");
            assertThat(refused.getError().getRetryAfterMillis()).isPositive();
        }
        fixture.skippedNanos.addAndGet(Duration.ofSeconds(11).toNanos());
        see(client, "d", "d", 2, picture(1));
        assertThat(client.next().hasFaces()).isTrue();
    }

    @Test
    void aClientThatDoesNotReadGetsTheLatestWhenItReads() throws Exception {
        InteractClient client = fixture.open(InteractSetup.newBuilder(), false);
        int sent = 0;
        int before = -1;
        String id = "n".repeat(200);
        while (before != fixture.faces.read().size() || sent < 3000) { // until nothing is begun any more
            before = fixture.faces.read().size();
            for (int i = 0; i < 200; i++) {
                see(client, "", id + sent++, sent, picture(sent % 100));
            }
            int all = sent;
            await(() -> fixture.came.get() == all);
            Thread.sleep(20);
        }
        assertThat(fixture.faces.read().size()).isBetween(2, sent - 200);
        assertThat(fixture.server.bytesInFlight()).isLessThan(150_000);
        client.call().request(1_000_000);
        int fates = 0;
        InteractResponse response;
        do {
            response = client.next();
            fates += 1 + response.getFaces().getDropped();
        } while (!response.getEventId().equals(id + (sent - 1)));
        assertThat(fates).isEqualTo(sent);
    }

    @Test
    void aClientThatVanishesIsNotLookedAtAnyMore() throws Exception {
        InteractClient client = fixture.open();
        fixture.faces.holdBatches();
        see(client, "a", "1", 1, picture(1));
        fixture.faces.awaitHeldBatch();
        see(client, "a", "2", 2, picture(2));
        see(client, "b", "3", 3, picture(3));
        await(() -> fixture.came.get() == 3);
        client.call().cancel("gone", null);
        await(() -> fixture.openStreams.get() == 0);
        await(() -> fixture.server.bytesInFlight() == 0);
        fixture.faces.stopHolding();
        InteractClient other = fixture.open();
        see(other, "", "4", 4, picture(4));
        other.next();
        assertThat(fixture.faces.read()).containsExactly(1, 4);
    }

    @Test
    void wrongFramesGetTheirErrorsAndTheStreamLivesOn() throws Exception {
        InteractClient client = fixture.open();
        see(client, "", "1", 0, Image.newBuilder());
        assertThat(code(client.next())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        for (int i = 0; i < 3 * FrameFixture.WINDOW; i++) {
            see(client, "", "2", 0, Image.newBuilder().setEncoded(ByteString.copyFromUtf8("no picture")));
            InteractResponse broken = client.next();
            assertThat(broken.getEventId()).isEqualTo("2");
            assertThat(code(broken)).isEqualTo(Status.Code.INVALID_ARGUMENT);
        }
        see(client, "", "3", 0, Image.newBuilder().setEncoded(ByteString.copyFrom(new byte[70_000])));
        assertThat(code(client.next())).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        see(client, "", "4", 0, faces(Map.of(1, 1)).setFinder("nobody"));
        assertThat(code(client.next())).isEqualTo(Status.Code.NOT_FOUND);
        see(client, "", "5", 0, picture(1));
        assertThat(client.next().hasFaces()).isTrue();
    }

    @Test
    void whoDoesNotWantToHearOfFacesIsTold() throws Exception {
        InteractClient client = fixture.open(InteractSetup.newBuilder().addChannels(Channel.CHANNEL_ANALYSIS), true);
        see(client, "", "1", 0, picture(1));
        InteractResponse response = client.next();
        assertThat(code(response)).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(response.getError().getMessage()).contains("channels");
        assertThat(fixture.came).hasValue(0);
    }

    @Test
    void wrongSettingsEndTheStream() throws Exception {
        for (FrameSettings.Builder settings : List.of(
                FrameSettings.newBuilder().setModel("nobody"),
                FrameSettings.newBuilder().setFinder("nobody"),
                FrameSettings.newBuilder().setMaxFramesPerSecond(-1))) {
            InteractClient client = fixture.open(InteractSetup.newBuilder().setFrames(settings), true);
            assertThat(client.next()).isEqualTo(END);
            assertThat(client.status().getCode())
                    .isEqualTo(
                            settings.getMaxFramesPerSecond() < 0
                                    ? Status.Code.INVALID_ARGUMENT
                                    : Status.Code.NOT_FOUND);
        }
    }

    @Test
    void whatWaitsAtTheEndIsAnswered() throws Exception {
        InteractClient client = fixture.open();
        fixture.faces.holdBatches();
        see(client, "", "1", 1, picture(1));
        fixture.faces.awaitHeldBatch();
        see(client, "", "2", 2, picture(2));
        await(() -> fixture.came.get() == 2);
        client.call().onCompleted();
        InteractClient other = fixture.open();
        see(other, "", "3", 3, picture(3));
        await(() -> fixture.came.get() == 3);
        fixture.server.drain();
        fixture.faces.stopHolding();
        assertThat(client.next().getEventId()).isEqualTo("1");
        assertThat(client.next().getEventId()).isEqualTo("2");
        assertThat(client.next()).isEqualTo(END);
        assertThat(client.status()).isEqualTo(Status.OK);
        assertThat(other.next().getEventId()).isEqualTo("3");
        assertThat(other.next()).isEqualTo(END);
        assertThat(other.status().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void framesGoOnWhileTheCharacterTalks() throws Exception {
        fixture.close();
        fixture = new FrameFixture(true);
        InteractClient client = fixture.open();
        fixture.language.holdSteps();
        for (int i = 0; i < FrameFixture.WINDOW - 1; i++) {
            client.call()
                    .onNext(InteractRequest.newBuilder()
                            .setEventId("said")
                            .setUtterance(Utterance.newBuilder().setText("a"))
                            .build());
        }
        fixture.language.awaitHeldStep();
        for (int i = 0; i < 5 * FrameFixture.WINDOW; i++) {
            see(client, "", "seen", i, picture(i));
            InteractResponse response;
            do {
                response = client.next();
            } while (!response.hasFaces());
            assertThat(response.getFaces().getFaces().getFaces(0).getAnalysis().getModel())
                    .isEqualTo("reader");
        }
        fixture.language.stopHolding();
        List<InteractResponse> replies = new ArrayList<>();
        while (replies.size() < FrameFixture.WINDOW - 1) {
            InteractResponse response = client.next();
            if (response.hasReplyFinished()) {
                replies.add(response);
            }
        }
        assertThat(replies).extracting(InteractResponse::getEventId).containsOnly("said");
    }

    private InteractClient watch() {
        return fixture.open(
                InteractSetup.newBuilder()
                        .setFrames(FrameSettings.newBuilder().setModel("video").setUnsmoothed(true)),
                true);
    }

    private int remembered() {
        return fixture.faces.slots().size() - fixture.faces.slots().available();
    }

    @Test
    void aModelThatRemembersKnowsEachFaceUntilItIsForgotten() throws Exception {
        InteractClient client = watch();
        for (int i = 1; i <= 4; i++) {
            for (String subject : List.of("a", "b")) {
                see(client, subject, "", i, picture(0));
                Face face = client.next().getFaces().getFaces().getFaces(0);
                assertThat(face.getSubject()).isEqualTo(subject);
                assertThat(face.getAnalysis().getLogits(0)).isEqualTo(i);
            }
        }
        assertThat(remembered()).isEqualTo(2);
        assertThat(fixture.answeredBy).containsExactly("video");
        fixture.skippedNanos.addAndGet(Duration.ofSeconds(11).toNanos());
        see(client, "a", "", 5, picture(0));
        assertThat(client.next().getFaces().getFaces().getFaces(0).getAnalysis().getLogits(0))
                .isEqualTo(1);
        assertThat(remembered()).isEqualTo(1);
        client.call().onCompleted();
        assertThat(client.next()).isEqualTo(END);
        await(() -> remembered() == 0);
    }

    @Test
    void aStreamOnWhichNothingHappensKeepsNoPlaces() throws Exception {
        InteractClient client = watch();
        see(client, "a", "", 1, picture(0));
        assertThat(client.next().hasFaces()).isTrue();
        fixture.interactions.forgetSilent();
        assertThat(remembered()).isEqualTo(1);
        fixture.skippedNanos.addAndGet(Duration.ofSeconds(11).toNanos());
        fixture.interactions.forgetSilent();
        assertThat(remembered()).isZero();
    }

    @Test
    void noPlaceIsLostInAStorm() throws Exception {
        Random random = new Random(5);
        List<InteractClient> open = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            if (open.size() < 8 && random.nextInt(8) == 0) {
                open.add(watch());
            } else if (!open.isEmpty()) {
                InteractClient client = open.get(random.nextInt(open.size()));
                switch (random.nextInt(16)) {
                    case 0 -> {
                        client.call().onCompleted();
                        open.remove(client);
                    }
                    case 1 -> {
                        client.call().cancel("gone", null);
                        open.remove(client);
                    }
                    case 2 ->
                        fixture.skippedNanos.addAndGet(Duration.ofSeconds(4).toNanos());
                    default -> see(client, "s" + random.nextInt(5), "", i, faces(Map.of(random.nextInt(36), 50)));
                }
            }
        }
        InteractClient last = watch();
        open.add(last);
        see(last, "", "", 1, picture(0));
        assertThat(last.next().hasFaces()).isTrue();
        assertThat(remembered()).isPositive();
        open.forEach(client -> client.call().cancel("gone", null));
        await(() -> fixture.openStreams.get() == 0 && remembered() == 0);
    }

    @Test
    void boundsAreTold() {
        assertThat(fixture.limits().getMaxFramesPerSecond()).isEqualTo(60);
        assertThat(fixture.limits().getMaxSubjectsPerStream()).isEqualTo(FrameFixture.SUBJECTS);
    }
}
