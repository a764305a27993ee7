package dev.limbic.ops.cuda;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Compiles several families at a time, as many as there are processors. */
final class SideBySide {
    private SideBySide() {}

    /**
     * Compiles families, begun in their order.
     *
     * @param compile called on threads of its own
     * @param take called on this thread, with the families in order, each as soon as it and those before it are there
     * @throws RuntimeException the first failure; what had begun has then ended, and nothing else is begun
     */
    static <T> void compile(
            List<KernelFamily> families, Function<KernelSource, T> compile, BiConsumer<KernelSource, T> take) {
        if (families.isEmpty()) {
            return;
        }
        int threads = Math.min(families.size(), Runtime.getRuntime().availableProcessors());
        try (ExecutorService compilers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().name("limbic-kernels-", 1).daemon().factory())) {
            record Pending<T>(KernelSource source, CompletableFuture<T> code) {}
            List<Pending<T>> all = families.stream()
                    .map(family -> KernelSource.of(family.name()))
                    .map(source -> new Pending<>(
                            source, CompletableFuture.supplyAsync(() -> compile.apply(source), compilers)))
                    .toList();
            try {
                all.forEach(each -> take.accept(each.source(), each.code().join()));
            } catch (CompletionException failed) {
                compilers.shutdownNow();
                throw failed.getCause() instanceof RuntimeException known ? known : failed;
            } catch (RuntimeException | Error failed) {
                compilers.shutdownNow();
                throw failed;
            }
        }
    }
}
