package dev.limbic.examples;

import dev.limbic.v1.FrameSettings;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A camera whose program writes each frame as a file into a folder, such as {@code ffmpeg -i /dev/video0 folder/%06d.jpg}: what
 * comes into the folder is shown as it comes, the newest that is written to its end, and nothing is deleted.
 */
public final class WebcamExample {
    /** For the last answers after Ctrl-C. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Path folder;

    /** Written since a frame was last taken, the newest last. */
    private final LinkedHashSet<Path> fresh = new LinkedHashSet<>();

    WebcamExample(Path folder) {
        this.folder = folder;
    }

    /** A frame that is complete. */
    record Frame(String name, byte[] bytes) {}

    /** Remembers what was written. */
    void written(Path name) {
        fresh.remove(name);
        fresh.add(name);
    }

    /** The newest frame that is complete, or null; older ones are forgotten, newer ones are looked at again. */
    @Nullable
    Frame newest() throws IOException {
        List<Path> names = new ArrayList<>(fresh).reversed();
        for (int i = 0; i < names.size(); i++) {
            byte[] bytes;
            try {
                bytes = Files.readAllBytes(folder.resolve(names.get(i)));
            } catch (NoSuchFileException e) {
                continue; // renamed since
            }
            if (isComplete(bytes)) {
                fresh.clear();
                names.subList(0, i).reversed().forEach(fresh::add);
                return new Frame(names.get(i).toString(), bytes);
            }
        }
        return null;
    }

    /** Whether the file ends where its format says that it does. A program that renames finished files needs no such check. */
    static boolean isComplete(byte[] file) {
        int n = file.length;
        if (begins(file, "\u00ff\u00d8")) { // JPEG: marker EOI
            return n > 3 && (file[n - 2] & 0xFF) == 0xFF && (file[n - 1] & 0xFF) == 0xD9;
        }
        if (begins(file, "\u0089PNG")) { // chunk IEND: its name, then four bytes of checksum
            return n > 11 && Arrays.equals(file, n - 8, n - 4, "IEND".getBytes(StandardCharsets.ISO_8859_1), 0, 4);
        }
        if (begins(file, "RIFF") && n > 11) { // WebP: length of the rest, little-endian
            int rest = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
            return n - 8 >= rest;
        }
        return false;
    }

    private static boolean begins(byte[] file, String text) {
        byte[] start = text.getBytes(StandardCharsets.ISO_8859_1);
        return file.length >= start.length && Arrays.equals(file, 0, start.length, start, 0, start.length);
    }

    /** Arguments: folder, host and port; {@code localhost 50051} if not given. Ends when it is interrupted. */
    public static void main(String[] arguments) throws IOException {
        String host = arguments.length > 1 ? arguments[1] : "localhost";
        int port = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 50051;
        Thread reader = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            reader.interrupt();
            try {
                reader.join(PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        run(Path.of(arguments[0]), host, port, System.out);
    }

    /** Shows what comes into a folder until the thread is interrupted. */
    static void run(Path folder, String host, int port, PrintStream out) throws IOException {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(host, port).usePlaintext().build();
        FramesExample.Printer printer = new FramesExample.Printer(out);
        FramesExample frames = new FramesExample(channel, FrameSettings.getDefaultInstance(), printer);
        try (WatchService watch = folder.getFileSystem().newWatchService();
                frames) {
            folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
            WebcamExample camera = new WebcamExample(folder);
            out.println("watching " + folder);
            while (true) {
                WatchKey key = watch.take();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (event.context() instanceof Path name) { // null where events came too fast to be told
                        camera.written(name);
                    }
                }
                key.reset();
                Frame frame = camera.newest();
                if (frame != null) {
                    frames.show(frame.name(), frame.bytes());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            channel.shutdown();
        }
        printer.sum(frames);
    }
}
