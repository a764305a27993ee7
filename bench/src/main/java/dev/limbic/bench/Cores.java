package dev.limbic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Which processors server and client run on, by Linux' {@code taskset}. */
final class Cores {
    private final List<Integer> all;

    private Cores(List<Integer> all) {
        this.all = all;
    }

    /** Those that this process may use; none are known where the system does not tell. */
    static Cores found() throws IOException {
        List<Integer> found = new ArrayList<>();
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)) {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("Cpus_allowed_list:")) {
                    for (String range :
                            line.substring(line.indexOf(':') + 1).strip().split(",", -1)) {
                        String[] ends = range.split("-", -1);
                        for (int i = Integer.parseInt(ends[0]); i <= Integer.parseInt(ends[ends.length - 1]); i++) {
                            found.add(i);
                        }
                    }
                }
            }
        }
        return new Cores(found);
    }

    int count() {
        return all.size();
    }

    /** What a command must begin with to run on the first so many. */
    List<String> first(int count) {
        return all.isEmpty() ? List.of() : List.of("taskset", "-c", list(all.subList(0, count)));
    }

    /** Moves this process to all but the first so many, or to all if that is none. */
    void leaveFirst(int count) throws IOException, InterruptedException {
        if (all.isEmpty()) {
            return;
        }
        List<Integer> rest = count < all.size() ? all.subList(count, all.size()) : all;
        Process process = new ProcessBuilder(
                        "taskset",
                        "-a",
                        "-c",
                        "-p",
                        list(rest),
                        String.valueOf(ProcessHandle.current().pid()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("taskset failed; install util-linux");
        }
    }

    private static String list(List<Integer> cores) {
        return String.join(",", cores.stream().map(String::valueOf).toList());
    }
}
