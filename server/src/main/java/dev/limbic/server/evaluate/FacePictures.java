package dev.limbic.server.evaluate;

import dev.limbic.model.ClassifierCard;
import dev.limbic.postprocess.Taxonomy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Pictures of one face each, and what each shows as those say who collected them. */
public final class FacePictures {
    /** The table that may stand in place of folders. */
    public static final String TABLE = "labels.csv";

    private FacePictures() {}

    /** A picture and its label, which is spelt as the data set spells it. */
    public record Picture(Path file, String label) {}

    /**
     * The pictures of a folder: those that {@code labels.csv} lists in its columns {@code file} (below the folder) and
     * {@code label}, or else all files in folders that are called as their label, as FER2013 and torchvision's {@code
     * ImageFolder} have it. In the order of the table, or of the names.
     *
     * @throws IOException if it cannot be read, or is neither
     */
    public static List<Picture> read(Path folder) throws IOException {
        Path table = folder.resolve(TABLE);
        if (Files.exists(table)) {
            return listed(folder, table);
        }
        List<Picture> pictures = new ArrayList<>();
        for (Path label : in(folder)) {
            if (!Files.isDirectory(label)) {
                continue;
            }
            for (Path file : in(label)) {
                if (Files.isDirectory(file)) {
                    throw new IOException(label + ": expected pictures, found the folder " + file.getFileName()
                            + "; a data set with folders inside its folders is several, give one of them");
                }
                pictures.add(new Picture(file, name(label)));
            }
        }
        if (pictures.isEmpty()) {
            throw new IOException(folder + ": expected a folder for each label with pictures in it, or " + TABLE
                    + " with the columns file and label; found neither");
        }
        return pictures;
    }

    /** What lies in a folder and is not hidden. */
    private static List<Path> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !name(file).startsWith(".")).sorted().toList();
        }
    }

    private static String name(Path file) {
        return Objects.toString(file.getFileName(), "");
    }

    private static List<Picture> listed(Path folder, Path table) throws IOException {
        List<String> lines = Files.readAllLines(table);
        List<String> columns = lines.isEmpty() ? List.of() : fields(lines.getFirst());
        int file = columns.indexOf("file");
        int label = columns.indexOf("label");
        if (file < 0 || label < 0) {
            throw new IOException(table + ": expected the columns file and label in its first line, found " + columns);
        }
        List<Picture> pictures = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            List<String> fields = fields(lines.get(i));
            if (lines.get(i).isBlank()) {
                continue;
            }
            if (fields.size() != columns.size() || lines.get(i).contains("\"")) {
                throw new IOException(table + ": line " + (i + 1) + ": expected " + columns.size()
                        + " fields without quotes, found " + lines.get(i));
            }
            pictures.add(new Picture(folder.resolve(fields.get(file)), fields.get(label)));
        }
        return pictures;
    }

    private static List<String> fields(String line) {
        return Arrays.stream(line.split(",", -1)).map(String::strip).toList();
    }

    /**
     * Which label of a model is meant by each label of a data set: the one that is spelt so, whatever its case, or that the
     * model's taxonomy takes for the same.
     *
     * @return ids by the data set's labels
     * @throws IOException if a label is none of the model's; the message names all of these
     */
    public static Map<String, Integer> ids(List<Picture> pictures, ClassifierCard card) throws IOException {
        Taxonomy taxonomy = Taxonomy.named(card.taxonomy());
        Map<String, Integer> ids = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        for (String label : new TreeSet<>(pictures.stream().map(Picture::label).toList())) {
            int id = id(label, card.labels(), taxonomy);
            if (id < 0) {
                unknown.add(label);
            }
            ids.put(label, id);
        }
        if (!unknown.isEmpty()) {
            throw new IOException("model '" + card.name() + "' has no label that " + unknown + " could mean, only "
                    + card.labels() + "; --leave-out " + String.join(",", unknown) + " passes over their pictures");
        }
        return ids;
    }

    private static int id(String label, List<String> labels, Taxonomy taxonomy) {
        String wanted = taxonomy.label(label);
        for (int id = 0; id < labels.size(); id++) {
            if (labels.get(id).toLowerCase(Locale.ROOT).equals(label.toLowerCase(Locale.ROOT))
                    || (wanted != null && wanted.equals(taxonomy.label(labels.get(id))))) {
                return id;
            }
        }
        return -1;
    }
}
