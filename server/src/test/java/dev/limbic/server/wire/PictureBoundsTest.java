package dev.limbic.server.wire;

import static dev.limbic.server.wire.PictureTest.box;
import static dev.limbic.server.wire.PictureTest.file;
import static dev.limbic.server.wire.PictureTest.red;
import static dev.limbic.server.wire.PictureTest.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.limbic.preprocess.image.codec.Pixels;
import dev.limbic.preprocess.image.codec.Png;
import dev.limbic.server.FakeFaces;
import dev.limbic.server.TestConfig;
import dev.limbic.server.security.Certificates;
import dev.limbic.server.security.Heard;
import dev.limbic.server.security.Protection;
import dev.limbic.server.security.SecuritySettings;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.Faces;
import dev.limbic.v1.Image;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How large pictures may be, what they hold and what they cost. */
class PictureBoundsTest {
    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = WireFixture.seeing(64 << 20, TestConfig.unprotected());
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private Faces read(Image.Builder image) {
        return fixture.blocking().analyze(request(image)).getFaces();
    }

    private Status refused(AnalyzeRequest request) {
        return catchThrowableOfType(
                        StatusRuntimeException.class, () -> fixture.blocking().analyze(request))
                .getStatus();
    }

    @Test
    void aTextMayNotBeAsLongAsAPicture() {
        AnalyzeRequest longText =
                AnalyzeRequest.newBuilder().setText("x".repeat(9000)).build();
        assertThat(refused(longText).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refused(longText).getDescription())
                .contains("more than 8192 bytes (limits.max-message), a picture")
                .doesNotContain("xxx");
        // A list takes many times its length.
        Status crowded =
                refused(request(red().setWhole(false).addAllBoxes(Collections.nCopies(1000, box(0, 0, 1, 1)))));
        assertThat(crowded.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(crowded.getDescription()).contains("limits.max-message");
        Status both = refused(request(Image.newBuilder()
                .setEncoded(ByteString.copyFrom(new byte[90_000]))
                .setFinder("x".repeat(8200))));
        assertThat(both.getDescription()).contains("limits.max-message");
        assertThat(refused(request(Image.newBuilder().setEncoded(ByteString.copyFrom(new byte[200_000]))))
                        .getCode())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void aCompressedPictureIsReadAndABombOfZerosIsNot() throws IOException {
        AnalyzeResponse response = fixture.blocking()
                .withCompression("gzip")
                .analyze(request(file("astronaut-420.jpg").setWhole(true)));
        assertThat(response.getFaces().getFaces(0).getAnalysis().getLogits(3)).isEqualTo(301 - 256);
        AnalyzeRequest zeros = request(Image.newBuilder().setEncoded(ByteString.copyFrom(new byte[1 << 20])));
        assertThat(catchThrowableOfType(
                                StatusRuntimeException.class,
                                () -> fixture.blocking().withCompression("gzip").analyze(zeros))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void picturesCountAmongWhatAllCallsHold() throws Exception {
        try (WireFixture narrow = WireFixture.seeing(256 << 10, TestConfig.unprotected())) {
            narrow.faces.holdBatches();
            Image.Builder large = Image.newBuilder()
                    .setRaw(RawImage.newBuilder()
                            .setFormat(PixelFormat.PIXEL_FORMAT_GREY)
                            .setWidth(300)
                            .setHeight(300)
                            .setPixels(ByteString.copyFrom(new byte[90_000])))
                    .setWhole(true);
            Ignored first = new Ignored();
            narrow.async().analyze(request(large), first);
            narrow.faces.awaitHeldBatch();
            assertThat(narrow.server.bytesInFlight()).isGreaterThan(2 * 90_000);
            Ignored second = new Ignored();
            narrow.async().analyze(request(large), second);
            assertThat(second.failure().getStatus().getDescription()).contains("limits.max-bytes-in-flight");
            narrow.faces.stopHolding();
            assertThat(first.awaitEnd()).isEqualTo(Status.OK);
        }
    }

    @Test
    void aPatchOfPixelsIsPaidAsAToken(@TempDir Path folder) throws Exception {
        Heard heard = new Heard();
        Path tokens = Certificates.write(folder.resolve("tokens"), "alice alices-long-token%n".formatted());
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer alices-long-token");
        SecuritySettings settings =
                new SecuritySettings(Map.of(), false, null, tokens, Set.of(), Duration.ofSeconds(5));
        try (Protection protection = Protection.open(settings, heard, System::nanoTime);
                WireFixture secured = WireFixture.seeing(64 << 20, protection)) {
            EmotionServiceGrpc.newBlockingStub(ClientInterceptors.intercept(
                            secured.channel, MetadataUtils.newAttachHeadersInterceptor(headers)))
                    .analyze(request(red().setWhole(false)));
            // 256 pixels each for the finder and two faces
            assertThat(heard.count("cost alice")).isEqualTo(3);
        }
    }

    @Test
    void facesThatAreFoundAreBounded() {
        fixture.faces.find(Collections.nCopies(40, FakeFaces.FOUND.getFirst()));
        assertThat(read(red().setWhole(false)).getFacesCount()).isEqualTo(32);
    }

    @Test
    void aLargePhotographIsReadWhole() {
        // Decoded samples have more bytes than any file may.
        Pixels grey = new Pixels(3000, 2000, new byte[3 * 3000 * 2000]);
        Image.Builder large = Image.newBuilder()
                .setEncoded(ByteString.copyFrom(Png.write(grey)))
                .setWhole(true);
        assertThat(read(large).getFacesCount()).isEqualTo(1);
    }
}
