package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.ImageSource;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.BatchKind;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceReading.ReadFace;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.v1.CostUnit;
import dev.limbic.v1.Faces;
import dev.limbic.v1.Image;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MediaCodecTest {
    private static final ByteString BYTES = ByteString.copyFrom(new byte[] {1, 2, 3, 4, 5, 6});
    private static final Image FILE = Image.newBuilder().setEncoded(BYTES).build();

    @Test
    void readsFiles() {
        FaceRequest request = request(FILE.toBuilder().setFinder("finder"));
        assertThat(request.image().source()).isInstanceOf(ImageSource.EncodedImage.class);
        assertThat(request.image().source().bytes()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(request.boxes()).isEmpty();
        assertThat(request.finder()).isEqualTo("finder");
        assertThat(request.model()).isEqualTo("reader");
        assertThat(request.priority()).isEqualTo(Priority.HIGH);
        assertThat(request.timeoutNanos()).isEqualTo(7);
    }

    @ParameterizedTest
    @EnumSource(value = ImageSource.PixelFormat.class)
    void readsSamples(ImageSource.PixelFormat format) {
        ImageSource source = request(raw(PixelFormat.valueOf("PIXEL_FORMAT_" + format), 2, 1, 9))
                .image()
                .source();
        assertThat(source).isEqualTo(new ImageSource.RawImage(format, 2, 1, 9, source.bytes()));
        assertThat(source.bytes()).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void readsWhereFacesAre() {
        assertThat(request(FILE.toBuilder().setWhole(true)).boxes()).containsExactly(Box.WHOLE);
        assertThat(request(FILE.toBuilder().addBoxes(box(-0.5f, 0.25f, 1, 2)).addBoxes(box(0, 0, 0.5f, 0.5f)))
                        .boxes())
                .containsExactly(new Box(-0.5f, 0.25f, 1, 2), new Box(0, 0, 0.5f, 0.5f));
    }

    @ParameterizedTest
    @CsvSource({"NaN, 0, 1, 1", "0, Infinity, 1, 1", "0, 0, 0, 1", "0, 0, 1, -1", "0, 0, NaN, 1", "3e38, 3e38, 1, 1"})
    void refusesBoxesThatAreNone(float x, float y, float width, float height) {
        refuses(FILE.toBuilder().addBoxes(box(x, y, width, height)), "box: expected finite numbers");
    }

    @Test
    void refusesMoreBoxesThanFacesAreRead() {
        List<dev.limbic.v1.Box> most = Collections.nCopies(FaceRequest.MOST_BOXES, box(0, 0, 1, 1));
        assertThat(request(FILE.toBuilder().addAllBoxes(most)).boxes()).hasSize(32);
        refuses(
                FILE.toBuilder().addAllBoxes(most).addBoxes(box(0, 0, 1, 1)),
                "image.boxes: at most 32 are possible, found 33");
    }

    @Test
    void refusesWhatContradictsItself() {
        refuses(FILE.toBuilder().setWhole(true).addBoxes(box(0, 0, 1, 1)), "image.whole");
        refuses(Image.newBuilder().setWhole(true), "image has no data");
        refuses(FILE.toBuilder().setFinder("x".repeat(257)), "image.finder");
    }

    @Test
    void refusesSamplesOfNoFormatOrSize() {
        refuses(raw(PixelFormat.PIXEL_FORMAT_UNSPECIFIED, 2, 1, 0), "image.raw.format is not given");
        Image.Builder unknown = Image.newBuilder()
                .setRaw(RawImage.newBuilder().setFormatValue(99).setWidth(1).setHeight(1));
        refuses(unknown, "image.raw.format 99 is unknown");
        refuses(raw(PixelFormat.PIXEL_FORMAT_RGB, 0, 1, 0), "image.raw must have a width");
        refuses(raw(PixelFormat.PIXEL_FORMAT_RGB, 1, -1, 0), "found 1 × -1");
        refuses(raw(PixelFormat.PIXEL_FORMAT_RGB, 2, 1, -6), "image.raw.stride");
    }

    @Test
    void tellsWhatWasSeen() {
        Answer.Timing timing = new Answer.Timing(2, 100, 1000, 2000, 3000, 4000);
        Emotions emotions = new Emotions(new float[] {3}, new float[] {1}, List.of(0), new float[8], null, 0);
        Answer<Emotions> read = new Answer<>("reader", emotions, 49, BatchKind.Unit.PIXELS, false, timing);
        Face face = new Face(new Box(0.25f, 0.5f, 0.125f, 1), 0.75f);
        Answer<List<Face>> found = new Answer<>("finder", List.of(face), 64, BatchKind.Unit.PIXELS, false, timing);

        Faces faces = MediaCodec.faces(new FaceReading(8, 4, List.of(new ReadFace(face, read, true)), found));
        assertThat(faces.getFacesList()).hasSize(1);
        assertThat(faces.getFaces(0).getBox()).isEqualTo(box(0.25f, 0.5f, 0.125f, 1));
        assertThat(faces.getFaces(0).getScore()).isEqualTo(0.75f);
        assertThat(faces.getFaces(0).getSubject()).isEmpty();
        assertThat(faces.getFaces(0).getStateReset()).isTrue();
        assertThat(faces.getFaces(0).getAnalysis().getModel()).isEqualTo("reader");
        assertThat(faces.getFaces(0).getAnalysis().getTiming().getCostUnit()).isEqualTo(CostUnit.COST_UNIT_PIXELS);
        assertThat(faces.getFaces(0).getAnalysis().getTiming().getCost()).isEqualTo(49);
        assertThat(faces.getFinder()).isEqualTo("finder");
        assertThat(faces.getFinderTiming().getCost()).isEqualTo(64);

        Faces told = MediaCodec.faces(new FaceReading(8, 4, List.of(new ReadFace(face, read, false)), null));
        assertThat(told.getFinder()).isEmpty();
        assertThat(told.hasFinderTiming()).isFalse();
        assertThat(told.getFaces(0).getStateReset()).isFalse();
    }

    private static FaceRequest request(Image.Builder image) {
        return MediaCodec.request("reader", image.build(), Priority.HIGH, 7);
    }

    private static void refuses(Image.Builder image, String reason) {
        assertThatThrownBy(() -> request(image))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining(reason);
    }

    private static Image.Builder raw(PixelFormat format, int width, int height, int stride) {
        return Image.newBuilder()
                .setRaw(RawImage.newBuilder()
                        .setFormat(format)
                        .setWidth(width)
                        .setHeight(height)
                        .setStride(stride)
                        .setPixels(BYTES));
    }

    private static dev.limbic.v1.Box box(float x, float y, float width, float height) {
        return dev.limbic.v1.Box.newBuilder()
                .setX(x)
                .setY(y)
                .setWidth(width)
                .setHeight(height)
                .build();
    }
}
