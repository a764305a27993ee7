package dev.limbic.server.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** Which files are pictures, by their names. */
final class PictureFiles {
    private static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "png", "webp");

    private PictureFiles() {}

    /** Whether it is a picture, or a folder that may hold some. */
    static boolean mayBe(Path path) {
        return Files.isDirectory(path) || (isPicture(path) && Files.isRegularFile(path));
    }

    static boolean isPicture(Path path) {
        String name = Objects.toString(path.getFileName(), "");
        return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    /** The picture itself, or the pictures of a folder in the order of their names. */
    static List<Path> in(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(file -> Files.isRegularFile(file) && isPicture(file))
                    .sorted()
                    .toList();
        }
    }
}
