package dev.limbic.server.wire;

import static dev.limbic.server.Patience.await;
import static dev.limbic.server.wire.AnalyzeTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.limbic.server.TestConfig;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.Box;
import dev.limbic.v1.CostUnit;
import dev.limbic.v1.Face;
import dev.limbic.v1.Faces;
import dev.limbic.v1.Image;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pictures over the wire, with a finder and a reader that can be foretold. */
class PictureTest {
    private static final Path PICTURES = Path.of("../models/src/test/resources/pictures");

    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = WireFixture.seeing(64 << 20, TestConfig.unprotected());
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    static Image.Builder file(String name) throws IOException {
        return Image.newBuilder().setEncoded(ByteString.copyFrom(Files.readAllBytes(PICTURES.resolve(name))));
    }

    /** Four by two pixels of one colour. */
    private static Image.Builder raw(PixelFormat format, int... pixel) {
        ByteBuffer pixels = ByteBuffer.allocate(8 * pixel.length);
        while (pixels.hasRemaining()) {
            for (int sample : pixel) {
                pixels.put((byte) sample);
            }
        }
        return Image.newBuilder()
                .setRaw(RawImage.newBuilder()
                        .setFormat(format)
                        .setWidth(4)
                        .setHeight(2)
                        .setPixels(ByteString.copyFrom(pixels.array())));
    }

    static Image.Builder red() {
        return raw(PixelFormat.PIXEL_FORMAT_RGB, 200, 30, 40).setWhole(true);
    }

    static AnalyzeRequest request(Image.Builder image) {
        return AnalyzeRequest.newBuilder().setImage(image).build();
    }

    private Faces read(Image.Builder image) {
        return fixture.blocking().analyze(request(image)).getFaces();
    }

    static Box box(float x, float y, float width, float height) {
        return Box.newBuilder()
                .setX(x)
                .setY(y)
                .setWidth(width)
                .setHeight(height)
                .build();
    }

    @Test
    void facesOfAFileAreFoundAndRead() throws IOException {
        AnalyzeResponse response = fixture.blocking()
                .analyze(request(file("astronaut-420.jpg")).toBuilder()
                        .setRequestId("who")
                        .setClientTimeMicros(9)
                        .build());
        assertThat(response.getRequestId()).isEqualTo("who");
        assertThat(response.getClientTimeMicros()).isEqualTo(9);
        Faces faces = response.getFaces();
        assertThat(faces.getFinder()).isEqualTo("finder");
        assertThat(faces.getFinderTiming().getCost()).isEqualTo(256);
        assertThat(faces.getFacesList()).extracting(Face::getScore).containsExactly(.75f, .5f);
        assertThat(faces.getFacesList())
                .extracting(Face::getBox)
                .containsExactly(box(.5f, 0, .5f, .5f), box(0, .25f, .5f, .5f));
        Face first = faces.getFaces(0);
        assertThat(first.getAnalysis().getModel()).isEqualTo("reader");
        assertThat(first.getAnalysis().getTiming().getCostUnit()).isEqualTo(CostUnit.COST_UNIT_PIXELS);
        assertThat(first.getAnalysis().getTiming().getTotalMicros()).isPositive();
        assertThat(fixture.answered("Analyze reader OK")).isEqualTo(1);
    }

    @Test
    void samplesAreReadAsTheyLie() {
        assertThat(colour(red())).containsExactly(200f, 30f, 40f, 4f, 2f);
        assertThat(colour(raw(PixelFormat.PIXEL_FORMAT_RGBA, 1, 2, 3, 255).setWhole(true)))
                .startsWith(1f, 2f, 3f);
        assertThat(colour(raw(PixelFormat.PIXEL_FORMAT_BGRA, 1, 2, 3, 255).setWhole(true)))
                .startsWith(3f, 2f, 1f);
        assertThat(colour(raw(PixelFormat.PIXEL_FORMAT_GREY, 77).setWhole(true)))
                .startsWith(77f, 77f, 77f);
        // Luma in the middle of the video range, chroma of no colour: 12 bytes, the rest is passed over.
        assertThat(colour(raw(PixelFormat.PIXEL_FORMAT_NV12, 128, 128).setWhole(true)))
                .startsWith(130f, 130f, 130f);
    }

    private List<Float> colour(Image.Builder image) {
        Faces faces = read(image);
        assertThat(faces.getFacesCount()).isEqualTo(1);
        assertThat(faces.getFinder()).isEmpty();
        assertThat(faces.hasFinderTiming()).isFalse();
        assertThat(faces.getFaces(0).getBox()).isEqualTo(box(0, 0, 1, 1));
        assertThat(faces.getFaces(0).getScore()).isEqualTo(1);
        return faces.getFaces(0).getAnalysis().getLogitsList();
    }

    @Test
    void boxesOfTheClientKeepTheirOrder() throws IOException {
        Faces faces = read(file("coffee.png").addBoxes(box(.5f, .5f, .5f, .5f)).addBoxes(box(-.25f, 0, 1, 1)));
        assertThat(faces.getFinder()).isEmpty();
        assertThat(faces.getFacesList())
                .extracting(Face::getBox)
                .containsExactly(box(.5f, .5f, .5f, .5f), box(-.25f, 0, 1, 1));
    }

    @Test
    void aPictureWithoutFacesIsAnAnswer() throws IOException {
        fixture.faces.find(List.of());
        AnalyzeResponse response = fixture.blocking().analyze(request(file("one.webp")));
        assertThat(response.hasFaces()).isTrue();
        assertThat(response.getFaces().getFinder()).isEqualTo("finder");
        assertThat(response.getFaces().getFacesCount()).isZero();
    }

    @Test
    void whatIsWrongWithAPictureIsToldInTheStreamWhichLivesOn() throws Exception {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        byte[] jpeg = Files.readAllBytes(PICTURES.resolve("astronaut-420.jpg"));
        say(requests, Image.newBuilder().setEncoded(ByteString.copyFrom(jpeg, 0, jpeg.length / 3)), "cut off");
        say(requests, Image.newBuilder().setEncoded(ByteString.copyFromUtf8("no picture")), "no picture");
        say(requests, file("refused-animated.png"), "animated");
        say(requests, file("refused-animated.webp"), "animated");
        say(requests, Image.newBuilder().setEncoded(bomb()), "bomb");
        say(requests, Image.newBuilder().setEncoded(ByteString.copyFrom(new byte[100_001])), "too large");
        say(requests, Image.newBuilder().setEncoded(ByteString.EMPTY), "empty");
        say(requests, Image.newBuilder(), "nothing");
        say(requests, red().addBoxes(box(0, 0, 1, 1)), "whole and boxes");
        say(requests, red().setWhole(false).addBoxes(box(2, 2, 1, 1)), "outside");
        say(requests, red().setWhole(false).setFinder("nobody"), "finder");
        requests.onNext(request(red()).toBuilder().setModel("first").build());
        requests.onNext(text("hello").toBuilder().setModel("reader").build());
        requests.onNext(text("hello"));
        requests.onNext(request(red()));
        requests.onCompleted();

        error(collected, "cut off", Status.Code.INVALID_ARGUMENT, "JPEG");
        error(collected, "no picture", Status.Code.INVALID_ARGUMENT, "expected JPEG, PNG or WebP");
        error(collected, "animated", Status.Code.INVALID_ARGUMENT, "nimat");
        error(collected, "animated", Status.Code.INVALID_ARGUMENT, "nimat");
        error(collected, "bomb", Status.Code.RESOURCE_EXHAUSTED, "60000");
        error(collected, "too large", Status.Code.RESOURCE_EXHAUSTED, "limits.max-image");
        error(collected, "empty", Status.Code.INVALID_ARGUMENT, "the picture is empty");
        error(collected, "nothing", Status.Code.INVALID_ARGUMENT, "image has no data");
        error(collected, "whole and boxes", Status.Code.INVALID_ARGUMENT, "image.whole");
        error(collected, "outside", Status.Code.INVALID_ARGUMENT, "");
        error(collected, "finder", Status.Code.NOT_FOUND, "no finder model of that name; this server has finder");
        error(collected, "", Status.Code.NOT_FOUND, "no image or video model of that name; this server has reader");
        error(collected, "", Status.Code.NOT_FOUND, "no text model of that name; this server has first, second");
        assertThat(collected.next().hasAnalysis()).isTrue();
        assertThat(collected.next().getFaces().getFaces(0).getAnalysis().getLogits(0))
                .isEqualTo(200);
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
        assertThat(fixture.answered("AnalyzeStream reader INVALID_ARGUMENT")).isEqualTo(8);
        assertThat(fixture.answered("AnalyzeStream reader RESOURCE_EXHAUSTED")).isEqualTo(2);
        assertThat(fixture.answered("AnalyzeStream reader OK")).isEqualTo(1);
        assertThat(fixture.answered("AnalyzeStream unknown NOT_FOUND")).isEqualTo(2);
        assertThat(fixture.defects).isEmpty();
    }

    private static void say(StreamObserver<AnalyzeRequest> requests, Image.Builder image, String id) {
        requests.onNext(request(image).toBuilder().setRequestId(id).build());
    }

    private static void error(Collected collected, String id, Status.Code code, String reason)
            throws InterruptedException {
        AnalyzeStreamResponse response = collected.next();
        assertThat(response.getRequestId()).isEqualTo(id);
        assertThat(response.getError().getMessage()).as(id).contains(reason);
        assertThat(response.getError().getCode()).as(id).isEqualTo(code.value());
        assertThat(response.getError().getRetryAfterMillis()).as(id).isZero();
    }

    /** A PNG that says it has 60,000 × 60,000 pixels. */
    private static ByteString bomb() {
        ByteBuffer png = ByteBuffer.allocate(8 + 12 + 13);
        png.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        png.putInt(13).put(new byte[] {'I', 'H', 'D', 'R'}).putInt(60_000).putInt(60_000);
        png.put(new byte[] {8, 2, 0, 0, 0});
        CRC32 crc = new CRC32();
        crc.update(png.array(), 12, 17);
        png.putInt((int) crc.getValue());
        return ByteString.copyFrom(png.array());
    }

    @Test
    void answersKeepTheOrderOfTextsAndPictures() throws InterruptedException {
        fixture.faces.holdBatches();
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        requests.onNext(request(red()));
        fixture.faces.awaitHeldBatch();
        requests.onNext(AnalyzeRequest.newBuilder().setRequestId("later").build());
        await(() -> fixture.answered("AnalyzeStream first INVALID_ARGUMENT") == 1);
        assertThat(collected.waiting()).isZero();
        fixture.faces.stopHolding();
        assertThat(collected.next().hasFaces()).isTrue();
        assertThat(collected.next().getRequestId()).isEqualTo("later");
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void aClientThatLeavesTakesItsPictureBack() throws InterruptedException {
        fixture.faces.holdBatches();
        fixture.async().analyze(request(red()), new Ignored());
        fixture.faces.awaitHeldBatch();
        Collected collected = new Collected(true);
        ClientCallStreamObserver<AnalyzeRequest> requests =
                (ClientCallStreamObserver<AnalyzeRequest>) fixture.async().analyzeStream(collected);
        requests.onNext(request(red().setWhole(false).addBoxes(box(0, 0, 1, 1)).addBoxes(box(0, 0, .5f, 1))));
        await(() -> fixture.batcher.depth() == 2);
        requests.cancel("gone", null);
        await(() -> fixture.batcher.depth() == 0);
        assertThat(fixture.cancelled).hasValue(2);
        await(() -> fixture.answered("AnalyzeStream reader CANCELLED") == 1);
        fixture.faces.stopHolding();
        assertThat(read(red()).getFacesCount()).isEqualTo(1);
    }

    @Test
    void theListTellsOfModelsForPicturesAndOfTheirLimit() {
        var list = fixture.models();
        assertThat(list.getModelsList())
                .extracting(each -> each.getKind() + " " + each.getName() + " " + each.getIsDefault())
                .contains("image reader true", "finder finder true");
        assertThat(list.getModels(2).getClassifier().getPictureSize().getWidth())
                .isEqualTo(16);
        assertThat(list.getLimits().getMaxImageBytes()).isEqualTo(100_000);
        assertThat(list.getLimits().getMaxMessageBytes()).isEqualTo(8192);
    }

    @Test
    void theSelfCheckAsksModelsOfPictures() throws Exception {
        SelfCheck.run("127.0.0.1", fixture.server.port(), fixture.faces.cards());
        assertThat(fixture.answered("Analyze reader OK")).isEqualTo(2);
        assertThat(fixture.answered("AnalyzeStream reader OK")).isEqualTo(2);
        try (WireFixture blind = new WireFixture(64, false)) {
            assertThatThrownBy(() -> SelfCheck.run("127.0.0.1", blind.server.port(), fixture.faces.cards()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("model reader does not answer")
                    .hasMessageContaining("this server has no image or video model");
        }
    }
}
