package dev.limbic.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Says what a folder without the files of a model looks like, and what to do about it. */
final class FolderHints {
    private static final String LFS = "version https://git-lfs.github.com/spec/";
    private static final int SHOWN = 6;

    private static final String SAVE = "load it with transformers and call save_pretrained(folder)";

    private FolderHints() {}

    /** Whether this is how Git stores a large file that was not fetched. */
    static boolean isLfsPointer(String text) {
        return text.startsWith(LFS);
    }

    static WeightsException lfsPointer(Path file) {
        return new WeightsException(
                file + ": found a Git LFS pointer instead of the file; run 'git lfs pull' where the folder was cloned");
    }

    /** Such as {@code ; this looks like a LoRA adapter: merge it first}, never empty. */
    static String of(Path folder) {
        List<String> names = names(folder);
        return "; " + look(folder, names);
    }

    private static String look(Path folder, List<String> names) {
        if (names.isEmpty()) {
            return "the folder is empty or cannot be listed";
        }
        if (names.contains("adapter_config.json") || any(names, "adapter_model.")) {
            return "this looks like a LoRA adapter, which changes another model: merge it into that one with peft"
                    + " (merge_and_unload) and save the result";
        }
        if (names.contains("snapshots") && names.contains("blobs")) {
            return "this looks like a folder of the hub's cache: give the folder below snapshots";
        }
        if (names.contains("modules.json") || names.contains("config_sentence_transformers.json")) {
            return "this looks like a sentence-transformers model, which gives embeddings and no labels or text;"
                    + " a classifier or a language model is needed";
        }
        if (names.contains("model_index.json")) {
            return "this looks like a diffusers pipeline, which makes pictures";
        }
        String below = names.stream()
                .filter(name -> Files.exists(folder.resolve(name).resolve("config.json")))
                .findFirst()
                .orElse("");
        if (!below.isEmpty() && !names.contains("config.json")) {
            return "there is one in " + below + ": give that folder";
        }
        return format(names);
    }

    /** By the files of weights. */
    private static String format(List<String> names) {
        if (ends(names, ".gguf")) {
            return "this holds GGUF, the format of llama.cpp: use the original model folder with safetensors";
        }
        if (ends(names, ".bin") || ends(names, ".pt") || ends(names, ".pth") || ends(names, ".ckpt")) {
            return "this holds PyTorch's pickles, which are not read because they may run code: " + SAVE;
        }
        if (ends(names, ".safetensors")) {
            return "there is "
                    + names.stream().filter(n -> n.endsWith(".safetensors")).toList()
                    + ": a single file is called model.safetensors, several need their index";
        }
        if (ends(names, ".onnx") || names.contains("onnx")) {
            return "this holds an ONNX export, which is not read: use the model it was made from, with safetensors";
        }
        if (ends(names, ".h5") || ends(names, ".msgpack") || ends(names, ".ot") || ends(names, ".mlmodel")) {
            return "this holds weights of another framework: " + SAVE;
        }
        return "the folder holds " + String.join(", ", names.subList(0, Math.min(SHOWN, names.size())))
                + (names.size() > SHOWN ? ", …" : "");
    }

    private static boolean any(List<String> names, String beginning) {
        return names.stream().anyMatch(name -> name.startsWith(beginning));
    }

    private static boolean ends(List<String> names, String end) {
        return names.stream().anyMatch(name -> name.endsWith(end));
    }

    private static List<String> names(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> Objects.toString(f.getFileName(), ""))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
