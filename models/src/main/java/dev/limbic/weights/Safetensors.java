package dev.limbic.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of one safetensors file, or of the shards that a {@code model.safetensors.index.json} lists, mapped into
 * memory. Everything is checked when it is opened, so a tensor that is handed out is whole. Immutable and thread-safe;
 * the tensors are readable until {@link #close}.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class Safetensors implements AutoCloseable {
    /** Name of the only file of a model that is not sharded. */
    public static final String SINGLE = "model.safetensors";

    /** Name of the list of shards. */
    public static final String INDEX = "model.safetensors.index.json";

    /** The format's own limit. */
    static final long MAX_HEADER_BYTES = 100_000_000;

    private static final int LENGTH_BYTES = 8;

    /** More than any Git LFS pointer has. */
    private static final int LFS_BYTES = 1024;

    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** @param tensor null if it is of a type that nothing here computes with */
    private record Located(Path file, @Nullable HostTensor tensor, String type) {}

    private final Path path;
    private final Arena arena;
    private final TreeMap<String, Located> tensors = new TreeMap<>();

    private Safetensors(Path path, Arena arena) {
        this.path = path;
        this.arena = arena;
    }

    /**
     * Opens a file, or a folder with {@value #SINGLE} or {@value #INDEX}.
     *
     * @throws WeightsException if there is nothing to open or anything in it is wrong
     */
    public static Safetensors open(Path path) {
        Safetensors opened = new Safetensors(path, Arena.ofShared());
        try {
            if (!Files.isDirectory(path)) {
                opened.map(path);
            } else if (Files.exists(path.resolve(SINGLE))) {
                opened.map(path.resolve(SINGLE));
            } else if (Files.exists(path.resolve(INDEX))) {
                opened.mapShards(path.resolve(INDEX));
            } else {
                throw new WeightsException(
                        path + ": expected " + SINGLE + " or " + INDEX + ", found neither" + FolderHints.of(path));
            }
            return opened;
        } catch (RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    /** What was opened. */
    public Path path() {
        return path;
    }

    /** All tensor names, sorted. */
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(tensors.navigableKeySet());
    }

    /**
     * The tensor of that name.
     *
     * @throws WeightsException if there is none, or it is of a type that nothing here computes with
     */
    public HostTensor tensor(String name) {
        Located found = located(name);
        if (found.tensor() == null) {
            throw new WeightsException(found.file() + ": tensor '" + name + "': expected a dtype out of "
                    + Arrays.toString(DType.values()) + ", found " + found.type());
        }
        return found.tensor();
    }

    /**
     * The file that holds the tensor of that name.
     *
     * @throws WeightsException if there is none
     */
    public Path file(String name) {
        return located(name).file();
    }

    /** Unmaps the files; their tensors can no longer be read. Harmless when repeated. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private Located located(String name) {
        @Nullable Located found = tensors.get(name);
        if (found == null) {
            throw new WeightsException(
                    path + ": tensor '" + name + "' is missing" + Nearest.hint(name, tensors.keySet()));
        }
        return found;
    }

    private Set<String> map(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < LENGTH_BYTES) {
                throw new WeightsException(
                        file + ": expected at least the " + LENGTH_BYTES + " bytes of a header length, found " + size);
            }
            if (size < LFS_BYTES && FolderHints.isLfsPointer(Files.readString(file, StandardCharsets.ISO_8859_1))) {
                throw FolderHints.lfsPointer(file);
            }
            MemorySegment all = channel.map(MapMode.READ_ONLY, 0, size, arena);
            long headerBytes = all.get(LENGTH, 0);
            long limit = Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES);
            if (headerBytes < 0 || headerBytes > limit) {
                throw new WeightsException(file + ": expected a header of at most " + limit + " bytes (file size "
                        + size + "), found header length " + Long.toUnsignedString(headerBytes));
            }
            byte[] json = all.asSlice(LENGTH_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
            MemorySegment data = all.asSlice(LENGTH_BYTES + headerBytes);
            var entries = SafetensorsHeader.parse(file.toString(), json, data.byteSize());
            entries.forEach((name, e) ->
                    tensors.put(name, located(file, e, data.asSlice(e.begin(), e.end() - e.begin()))));
            return entries.keySet();
        } catch (IOException e) {
            throw new WeightsException(file + ": cannot be read: " + StrictJson.reason(e), e);
        }
    }

    private static Located located(Path file, SafetensorsHeader.Entry entry, MemorySegment bytes) {
        DType dtype = entry.dtype();
        return new Located(file, dtype == null ? null : new HostTensor(dtype, entry.shape(), bytes), entry.type());
    }

    private void mapShards(Path index) {
        Map<String, Set<String>> namesByShard = new LinkedHashMap<>();
        if (!(StrictJson.read(index).get("weight_map") instanceof ObjectNode weightMap)) {
            throw new WeightsException(index + ": expected an object as weight_map, found none");
        }
        weightMap.properties().forEach(e -> {
            if (!e.getValue().isTextual()) {
                throw new WeightsException(index + ": tensor '" + e.getKey() + "': expected a file name, found "
                        + StrictJson.kind(e.getValue()));
            }
            namesByShard
                    .computeIfAbsent(e.getValue().asText(), _ -> new LinkedHashSet<>())
                    .add(e.getKey());
        });
        namesByShard.forEach((shard, listed) -> {
            Path file = shard(index, shard);
            Set<String> found = map(file);
            for (String name : listed) {
                if (!found.contains(name)) {
                    throw new WeightsException(
                            file + ": tensor '" + name + "' is missing: expected it here by " + index.getFileName());
                }
            }
            for (String name : found) {
                if (!listed.contains(name)) {
                    @Nullable String elsewhere = weightMap.path(name).textValue();
                    throw new WeightsException(file + ": tensor '" + name + "' is surplus: expected it "
                            + (elsewhere == null ? "nowhere" : "in " + elsewhere) + " by " + index.getFileName());
                }
            }
        });
    }

    /** A shard lies beside its index, whatever the index says. It may be a link, as in the hub's cache. */
    private static Path shard(Path index, String name) {
        boolean plain = !name.isBlank()
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(c -> "/\\:".indexOf(c) >= 0);
        if (!plain) {
            throw new WeightsException(index + ": expected a plain file name as shard, found '" + name + "'");
        }
        try {
            Path file = index.resolveSibling(name);
            if (!Files.isRegularFile(file)) {
                throw new WeightsException(file + ": shard is missing: expected a file by " + index);
            }
            return file;
        } catch (InvalidPathException e) {
            throw new WeightsException(index + ": expected a plain file name as shard, found " + e.getReason(), e);
        }
    }
}
