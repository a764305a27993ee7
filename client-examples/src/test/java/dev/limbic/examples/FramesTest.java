package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.Analysis;
import dev.limbic.v1.Box;
import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.CanonicalWeight;
import dev.limbic.v1.Channel;
import dev.limbic.v1.Error;
import dev.limbic.v1.Face;
import dev.limbic.v1.Faces;
import dev.limbic.v1.FrameFaces;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractionServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples of frames against a service that answers every second one. */
@Timeout(120)
class FramesTest {
    private static final byte[] JPEG = {(byte) 0xFF, (byte) 0xD8, 1, 2, (byte) 0xFF, (byte) 0xD9};

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final BlockingQueue<InteractRequest> received = new LinkedBlockingQueue<>();
    private Server server;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() throws IOException {
        server = NettyServerBuilder.forPort(0).addService(new Service()).build().start();
    }

    @AfterEach
    void stop() {
        server.shutdownNow();
    }

    private final class Service extends InteractionServiceGrpc.InteractionServiceImplBase {
        @Override
        public StreamObserver<InteractRequest> interact(StreamObserver<InteractResponse> responses) {
            return new StreamObserver<>() {
                private int frames;

                @Override
                public void onNext(InteractRequest request) {
                    received.add(request);
                    if (request.hasFrame() && ++frames % 2 == 0) {
                        responses.onNext(answer(request, frames));
                    }
                }

                @Override
                public void onError(Throwable thrown) {}

                @Override
                public void onCompleted() {
                    responses.onCompleted();
                }
            };
        }
    }

    private static InteractResponse answer(InteractRequest request, int frames) {
        InteractResponse.Builder answer = InteractResponse.newBuilder()
                .setEventId(request.getEventId())
                .setClientTimeMicros(request.getClientTimeMicros());
        if (frames == 4) {
            return answer.setError(Error.newBuilder().setCode(3).setMessage("it is damaged"))
                    .build();
        }
        Face face = Face.newBuilder()
                .setBox(Box.newBuilder().setX(0.25f).setY(0.5f).setWidth(0.125f).setHeight(1))
                .setSubject("face-1")
                .setAnalysis(Analysis.newBuilder()
                        .addCanonicalEmotions(CanonicalWeight.newBuilder()
                                .setEmotion(CanonicalEmotion.CANONICAL_EMOTION_JOY)
                                .setWeight(0.75f)))
                .build();
        Faces faces = frames == 2 ? Faces.newBuilder().addFaces(face).build() : Faces.getDefaultInstance();
        return answer.setFaces(FrameFaces.newBuilder().setFaces(faces).setDropped(1))
                .build();
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aFolderIsShownFrameByFrame() throws Exception {
        for (int i = 1; i <= 6; i++) {
            Files.write(folder.resolve("frame-" + i + ".jpg"), new byte[] {(byte) i});
        }
        FramesExample.run(folder, 50, "127.0.0.1", server.getPort(), out);
        InteractRequest setup = received.take();
        assertThat(setup.getSetup().getChannelsList()).containsExactly(Channel.CHANNEL_FACES);
        long before = 0;
        for (int i = 1; i <= 6; i++) {
            InteractRequest frame = received.take();
            assertThat(frame.getEventId()).isEqualTo("frame-" + i + ".jpg");
            assertThat(frame.getFrame().getEncoded().toByteArray()).containsExactly(i);
            assertThat(frame.getClientTimeMicros() - before).isGreaterThanOrEqualTo(i == 1 ? 0 : 1);
            before = frame.getClientTimeMicros();
        }
        List<String> lines = printed().lines().toList();
        assertThat(lines.get(0))
                .startsWith("frame-2.jpg after ")
                .endsWith("face-1 CANONICAL_EMOTION_JOY 0.75 at 0.25, 0.50, 0.13 × 1.00, 1 dropped");
        assertThat(lines.get(1)).isEqualTo("frame-4.jpg failed: it is damaged (code 3)");
        assertThat(lines.get(2)).startsWith("frame-6.jpg after ").endsWith("no face, 1 dropped");
        assertThat(lines.get(3)).isEqualTo("6 frames sent, 0 not sent, 3 answers, 2 dropped by the server");
    }

    @Test
    void whatACameraWritesIsShownAsItComes() throws Exception {
        Files.write(folder.resolve("old.jpg"), JPEG);
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                WebcamExample.run(folder, "127.0.0.1", server.getPort(), out);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        assertThat(received.take().hasSetup()).isTrue();
        while (!printed().contains("watching")) {
            Thread.sleep(1);
        }
        for (int i = 1; i <= 3; i++) {
            Path part = folder.resolve(i + ".part");
            Files.write(part, JPEG, java.nio.file.StandardOpenOption.CREATE);
            Files.write(folder.resolve("unfinished.jpg"), new byte[] {(byte) 0xFF, (byte) 0xD8, 1});
            InteractRequest frame = received.take();
            while (!frame.getEventId().equals(i + ".part")) { // one that was told twice, as created and as modified
                frame = received.take();
            }
            assertThat(frame.getFrame().getEncoded().toByteArray()).isEqualTo(JPEG);
        }
        reader.interrupt();
        reader.join();
        assertThat(printed()).contains("dropped by the server");
        assertThat(folder.resolve("old.jpg")).exists();
        assertThat(received).noneMatch(each -> each.getEventId().equals("unfinished.jpg"));
    }

    @Test
    void theNewestFrameThatIsCompleteIsTaken() throws IOException {
        WebcamExample camera = new WebcamExample(folder);
        assertThat(camera.newest()).isNull();
        for (String name : List.of("1.jpg", "2.jpg", "3.jpg")) {
            Files.write(folder.resolve(name), name.equals("3.jpg") ? new byte[] {(byte) 0xFF, (byte) 0xD8} : JPEG);
            camera.written(Path.of(name));
        }
        camera.written(Path.of("gone.jpg"));
        WebcamExample.Frame frame = camera.newest();
        assertThat(frame).isNotNull().extracting(WebcamExample.Frame::name).isEqualTo("2.jpg");
        assertThat(camera.newest()).as("3.jpg is not complete, 1.jpg is old").isNull();
        Files.write(folder.resolve("3.jpg"), JPEG);
        frame = camera.newest();
        assertThat(frame).isNotNull().extracting(WebcamExample.Frame::name).isEqualTo("3.jpg");
        assertThat(camera.newest()).isNull();
    }

    @Test
    void filesAreCompleteWhereTheirFormatEnds() throws IOException {
        Path pictures = Path.of("..", "models", "src", "test", "resources", "pictures");
        for (String name : List.of("one.jpg", "coffee.png", "rocket-lossy.webp")) {
            byte[] file = Files.readAllBytes(pictures.resolve(name));
            assertThat(WebcamExample.isComplete(file)).as(name).isTrue();
            for (int length = 0; length < file.length - 1; length++) {
                byte[] part = java.util.Arrays.copyOf(file, length);
                assertThat(WebcamExample.isComplete(part))
                        .as(name + " to " + length)
                        .isFalse();
            }
        }
    }
}
