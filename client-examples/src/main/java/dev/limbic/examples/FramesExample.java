package dev.limbic.examples;

import com.google.protobuf.ByteString;
import dev.limbic.v1.Box;
import dev.limbic.v1.Channel;
import dev.limbic.v1.Face;
import dev.limbic.v1.FrameFaces;
import dev.limbic.v1.FrameSettings;
import dev.limbic.v1.Image;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a camera sees, on one stream: frames go in as fast as they come, and of each that the server looks at, the emotions of
 * its faces come back. Only the newest frame counts, here and there: while one is being looked at the server keeps the latest
 * of those that come and counts the others, and a frame that the connection has no room for is not sent.
 */
public final class FramesExample implements AutoCloseable {
    private final CompletableFuture<Void> connected = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final ClientCallStreamObserver<InteractRequest> requests;
    private int sent;
    private int heldBack;

    /**
     * Opens a stream, and waits until it is connected.
     *
     * @param settings how frames are looked at; the default instance will do
     * @param events called with each event, on a thread of gRPC
     */
    public FramesExample(ManagedChannel channel, FrameSettings settings, Consumer<InteractResponse> events) {
        requests = (ClientCallStreamObserver<InteractRequest>)
                InteractionServiceGrpc.newStub(channel).interact(new Events(events));
        requests.onNext(InteractRequest.newBuilder()
                .setSetup(InteractSetup.newBuilder()
                        .addChannels(Channel.CHANNEL_FACES)
                        .setFrames(settings))
                .build());
        connected.join();
    }

    /**
     * Sends a frame, unless earlier ones have not left yet. One thread at a time may call this.
     *
     * @param id comes back with the answer
     * @param file a JPEG, PNG or WebP as it is
     * @throws IllegalStateException if the stream has ended
     */
    public void show(String id, byte[] file) {
        if (ended.isDone()) {
            throw new IllegalStateException("the stream has ended; open another");
        }
        if (!requests.isReady()) {
            heldBack++;
            return;
        }
        sent++;
        requests.onNext(InteractRequest.newBuilder()
                .setEventId(id)
                .setClientTimeMicros(System.nanoTime() / 1000)
                .setFrame(Image.newBuilder().setEncoded(ByteString.copyFrom(file)))
                .build());
    }

    /** Says that no more frames come, and waits for the last answer. */
    @Override
    public void close() {
        if (!ended.isDone()) {
            requests.onCompleted();
        }
        ended.join();
    }

    /** Receives what comes back. */
    private final class Events implements ClientResponseObserver<InteractRequest, InteractResponse> {
        private final Consumer<InteractResponse> receiver;

        Events(Consumer<InteractResponse> receiver) {
            this.receiver = receiver;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<InteractRequest> stream) {
            stream.setOnReadyHandler(() -> connected.complete(null));
        }

        @Override
        public void onNext(InteractResponse event) {
            receiver.accept(event);
        }

        @Override
        public void onError(Throwable thrown) {
            ended.completeExceptionally(Status.fromThrowable(thrown).asException());
            connected.complete(null);
        }

        @Override
        public void onCompleted() {
            ended.complete(null);
        }
    }

    /** An event in a line. */
    static String describe(InteractResponse event) {
        String id = event.getEventId();
        return switch (event.getEventCase()) {
            case FACES -> {
                FrameFaces seen = event.getFaces();
                yield "%s after %.1f ms: %s, %d dropped"
                        .formatted(
                                id,
                                (System.nanoTime() / 1000 - event.getClientTimeMicros()) / 1e3,
                                faces(seen.getFaces().getFacesList()),
                                seen.getDropped());
            }
            case ERROR ->
                "%s failed: %s (code %d)"
                        .formatted(
                                id,
                                event.getError().getMessage(),
                                event.getError().getCode());
            case GAP -> event.getGap().getMessages() + " answers gave way to newer ones";
            default -> "this client does not know such an event";
        };
    }

    private static String faces(List<Face> faces) {
        return faces.isEmpty()
                ? "no face"
                : faces.stream().map(FramesExample::face).collect(Collectors.joining("; "));
    }

    private static String face(Face face) {
        Box box = face.getBox();
        return String.format(
                Locale.ROOT,
                "%s%s at %.2f, %.2f, %.2f × %.2f",
                face.getSubject().isEmpty() ? "" : face.getSubject() + " ",
                UnaryExample.strongest(face.getAnalysis()),
                box.getX(),
                box.getY(),
                box.getWidth(),
                box.getHeight());
    }

    /** Prints events and counts what was left out. */
    static final class Printer implements Consumer<InteractResponse> {
        private final PrintStream out;
        private int answered;
        private int dropped;

        Printer(PrintStream out) {
            this.out = out;
        }

        @Override
        public synchronized void accept(InteractResponse event) {
            answered++;
            dropped += event.getFaces().getDropped();
            out.println(describe(event));
        }

        /** To be called when the stream has ended. */
        synchronized void sum(FramesExample frames) {
            out.printf(
                    "%d frames sent, %d not sent, %d answers, %d dropped by the server%n",
                    frames.sent, frames.heldBack, answered, dropped);
        }
    }

    /** Arguments: folder of frames, frames a second, host and port; {@code 30 localhost 50051} if not given. */
    public static void main(String[] arguments) throws IOException {
        double rate = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 30;
        String host = arguments.length > 2 ? arguments[2] : "localhost";
        int port = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 50051;
        run(Path.of(arguments[0]), rate, host, port, System.out);
    }

    /** Shows the files of a folder in the order of their names, at so many a second. */
    static void run(Path folder, double rate, String host, int port, PrintStream out) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(host, port).usePlaintext().build();
        Printer printer = new Printer(out);
        FramesExample frames = new FramesExample(channel, FrameSettings.getDefaultInstance(), printer);
        try (frames) {
            long start = System.nanoTime();
            for (int i = 0; i < files.size(); i++) {
                long due = start + Math.round(i / rate * 1e9);
                for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                frames.show(String.valueOf(files.get(i).getFileName()), Files.readAllBytes(files.get(i)));
            }
        } finally {
            channel.shutdown();
        }
        printer.sum(frames);
    }
}
