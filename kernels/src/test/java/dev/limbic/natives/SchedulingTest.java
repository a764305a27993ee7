package dev.limbic.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class SchedulingTest {
    private static final String NORMAL = "0";
    private static final String BATCH = "3";
    private static final int AFTER_NAME = 38; // of the fields after the thread's name, which may hold blanks

    private static String policy() {
        try {
            String line = Files.readString(Path.of("/proc/thread-self/stat"));
            return line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[AFTER_NAME];
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Some sandboxes forbid it, and then nothing shall change. */
    private static boolean isAllowed() throws InterruptedException {
        try {
            return new ProcessBuilder("chrt", "--batch", "0", "true").start().waitFor() == 0;
        } catch (IOException noSuchCommand) {
            return false;
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void onlyTheCallingThreadInterruptsNobody() throws InterruptedException {
        assumeTrue(isAllowed(), "chrt --batch does not work here");
        Executor own = task -> Thread.ofPlatform().start(task);
        String policy = CompletableFuture.supplyAsync(
                        () -> {
                            assertThat(policy()).isEqualTo(NORMAL);
                            Scheduling.interruptNobody();
                            Scheduling.interruptNobody();
                            return policy();
                        },
                        own)
                .join();
        assertThat(policy).isEqualTo(BATCH);
        assertThat(policy()).isEqualTo(NORMAL);
    }
}
