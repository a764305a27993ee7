package dev.limbic.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs the same work in PyTorch, in a process of its own. */
final class GpuPeer {
    private GpuPeer() {}

    /**
     * Runs the script.
     *
     * @return milliseconds by name; empty if the script says that it cannot run
     */
    static Map<String, Double> run(String python, String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(python, script)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Map<String, Double> milliseconds = new LinkedHashMap<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int tab = line.indexOf('\t');
                if (tab > 0) {
                    milliseconds.put(line.substring(0, tab), Double.parseDouble(line.substring(tab + 1)));
                } else {
                    System.out.println(line);
                }
            }
        }
        if (process.waitFor() != 0) {
            System.out.println("PyTorch was not measured: the script ended with " + process.exitValue());
            return Map.of();
        }
        return milliseconds;
    }
}
