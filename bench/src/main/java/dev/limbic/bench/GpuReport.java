package dev.limbic.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Figures of one run on a chip, as a table for people and as JSON. */
final class GpuReport {
    private record Figure(double value, String unit) {}

    private final Map<String, Figure> figures = new LinkedHashMap<>();
    private String device = "";

    void device(String description) {
        device = description;
    }

    void figure(String name, double value, String unit) {
        figures.put(name, new Figure(value, unit));
        System.out.printf(Locale.ROOT, "%-34s %12.3f %s%n", name, value, unit);
    }

    double value(String name) {
        Figure figure = figures.get(name);
        if (figure == null) {
            throw new IllegalStateException("not measured: " + name);
        }
        return figure.value();
    }

    /** Milliseconds of the peer by name. */
    void peer(Map<String, Double> milliseconds) {
        milliseconds.forEach((name, value) -> figure("PyTorch " + name, value, "ms"));
    }

    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("device", device);
        StringBuilder table =
                new StringBuilder("# BERT-base in f16 on " + device + "\n\n| what | measured |\n|---|---|\n");
        figures.forEach((name, figure) -> {
            json.put(name, Map.of("value", figure.value(), "unit", figure.unit()));
            table.append(String.format(Locale.ROOT, "| %s | %.3f %s |%n", name, figure.value(), figure.unit()));
        });
        Files.writeString(folder.resolve("gpu.md"), table);
        new ObjectMapper()
                .writerWithDefaultPrettyPrinter()
                .writeValue(folder.resolve("gpu.json").toFile(), json);
        System.out.println("written to " + folder.toAbsolutePath());
    }
}
