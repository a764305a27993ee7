package dev.limbic.server.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Box;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who is who, at 30 frames a second. */
class FaceTracksTest {
    private final List<Object> states = new ArrayList<>();
    private final List<Object> forgotten = new ArrayList<>();
    private int frame;

    private FaceTracks<Object> tracks(boolean keepsFirst) {
        return new FaceTracks<>(
                () -> {
                    states.add(new Object());
                    return states.getLast();
                },
                forgotten::add,
                10,
                keepsFirst);
    }

    private static Box at(double x, double y) {
        return new Box((float) x, (float) y, 0.2f, 0.3f);
    }

    private List<Integer> numbers(FaceTracks<Object> tracks, Box... boxes) {
        frame++;
        return tracks.follow(List.of(boxes), frame / 30.0).stream()
                .map(FaceTracks.Track::number)
                .toList();
    }

    @Test
    void facesKeepTheirNumbersWhateverTheirOrder() {
        FaceTracks<Object> tracks = tracks(false);
        Box left = at(0.1, 0.1);
        Box right = at(0.6, 0.1);
        assertThat(numbers(tracks, left, right)).containsExactly(1, 2);
        assertThat(numbers(tracks, at(0.62, 0.12), at(0.08, 0.1))).containsExactly(2, 1);
        assertThat(numbers(tracks)).isEmpty();
        assertThat(numbers(tracks, right)).containsExactly(2);
        assertThat(numbers(tracks, at(0.35, 0.6), right, left)).containsExactly(3, 2, 1);
        assertThat(states).hasSize(3);
    }

    /** Where one is right before the other, nobody can say which is which, nor need to. */
    @Test
    void twoThatCrossComeOutAsTheyWentIn() {
        Random random = new Random(3);
        for (int run = 0; run < 20; run++) {
            FaceTracks<Object> tracks = tracks(false);
            for (int i = 0; i <= 60; i++) {
                double way = i / 60.0 * 0.8;
                Box right = at(way + 0.002 * random.nextGaussian(), 0.2);
                Box left = at(0.8 - way, 0.21 + 0.002 * random.nextGaussian());
                List<Integer> numbers = numbers(tracks, right, left);
                if (right.overlap(left) < 0.7) {
                    assertThat(numbers).as("frame " + i).containsExactly(1, 2);
                }
            }
        }
    }

    @Test
    void oneThatIsHiddenBehindAnotherComesOutAsItself() {
        FaceTracks<Object> tracks = tracks(false);
        for (int i = 0; i <= 60; i++) {
            Box moving = at(i / 60.0 * 0.8, 0.2);
            Box still = at(0.4, 0.2);
            boolean hidden = moving.overlap(still) > 0.5;
            assertThat(hidden ? numbers(tracks, still) : numbers(tracks, still, moving))
                    .as("frame " + i)
                    .containsExactlyElementsOf(hidden ? List.of(1) : List.of(1, 2));
        }
    }

    @Test
    void oneThatIsNotFoundIsRememberedForAWhile() {
        FaceTracks<Object> tracks = tracks(false);
        numbers(tracks, at(0.1, 0.1));
        frame += 290;
        assertThat(numbers(tracks, at(0.12, 0.1))).containsExactly(1);
        frame += 310;
        assertThat(numbers(tracks, at(0.12, 0.1))).containsExactly(2);
        assertThat(tracks.size()).isEqualTo(1);
        assertThat(states).hasSize(2);
        assertThat(forgotten).containsExactly(states.getFirst());
        tracks.forgetAll();
        assertThat(forgotten).containsExactlyElementsOf(states);
    }

    @Test
    void whereThePictureIsOfOneFaceThatOneMayBeAnywhere() {
        FaceTracks<Object> tracks = tracks(true);
        assertThat(numbers(tracks, at(0.1, 0.1), at(0.6, 0.1))).containsExactly(1, 2);
        assertThat(numbers(tracks, at(0.6, 0.1))).as("the other alone").containsExactly(2);
        assertThat(numbers(tracks, at(0.6, 0.1), at(0.3, 0.65)))
                .as("it moved far")
                .containsExactly(2, 1);
        assertThat(numbers(tracks, at(0.05, 0.1), at(0.3, 0.65))).containsExactly(3, 1);
        frame += 310;
        assertThat(numbers(tracks, at(0.9, 0.9))).as("after all were forgotten").containsExactly(1);
        assertThat(numbers(tracks, at(0.9, 0.9), at(0.1, 0.1))).containsExactly(1, 4);
    }

    @Test
    void whatIsRememberedIsBounded() {
        Random random = new Random(4);
        FaceTracks<Object> tracks = tracks(false);
        for (int i = 0; i < 100; i++) {
            Box[] boxes = new Box[32];
            for (int b = 0; b < boxes.length; b++) {
                boxes[b] = new Box(random.nextFloat(), random.nextFloat(), 0.001f, 0.001f);
            }
            numbers(tracks, boxes);
            assertThat(tracks.size()).isLessThanOrEqualTo(64);
            assertThat(states.size() - forgotten.size()).isEqualTo(tracks.size());
        }
    }

    @Test
    void boxesOfAnySizeAreFollowed() {
        FaceTracks<Object> tracks = tracks(false);
        for (float far : new float[] {1e38f, -1e38f, 0, 1e38f}) {
            numbers(tracks, new Box(far, -far, 1, 1), new Box(0, 0, 1e38f, 1e-38f), Box.WHOLE);
        }
        assertThat(tracks.size()).isPositive();
    }
}
