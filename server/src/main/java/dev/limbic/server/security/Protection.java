package dev.limbic.server.security;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What protects a server: its certificates and its gate, kept true to their files by a thread {@code limbic-files}. */
public final class Protection implements AutoCloseable {
    private final @Nullable Reloaded<TlsIdentity> tls;
    private final @Nullable Reloaded<Tokens> tokens;
    private final Gate gate;
    private final GateObserver observer;
    private final ScheduledExecutorService watcher = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("limbic-files").factory());

    private Protection(SecuritySettings settings, GateObserver observer, LongSupplier nanoTime) throws IOException {
        SecuritySettings.Tls certificates = settings.tls();
        this.tls = certificates == null ? null : identity(certificates, settings.open());
        this.tokens =
                settings.tokens() == null ? null : tokens(new SourceFile("security.tokens", settings.tokens(), true));
        this.observer = observer;
        this.gate = new Gate(
                certificates != null && certificates.clientsMust(),
                settings.open(),
                tokens == null ? null : tokens::get,
                observer,
                nanoTime);
        if (tls != null || tokens != null) {
            long nanos = settings.reloadInterval().toNanos();
            var _ = watcher.scheduleWithFixedDelay(this::look, nanos, nanos, TimeUnit.NANOSECONDS);
        }
    }

    /**
     * Reads the files.
     *
     * @param nanoTime the clock of quotas, as {@link System#nanoTime}
     * @throws IOException if one cannot be used, or if other machines could get in unprotected; the message says what to
     *     do
     */
    public static Protection open(SecuritySettings settings, GateObserver observer, LongSupplier nanoTime)
            throws IOException {
        for (Map.Entry<String, String> host : settings.hosts().entrySet()) {
            requireProtected(host.getKey(), host.getValue(), settings);
        }
        return new Protection(settings, observer, nanoTime);
    }

    private static void requireProtected(String key, String host, SecuritySettings settings) throws IOException {
        boolean isProtected = settings.tls() != null && settings.authenticates();
        if (isProtected || settings.allowInsecure() || isLoopback(host)) {
            return;
        }
        String missing = settings.tls() != null
                ? "security.tokens is not set, so that the server cannot know who calls"
                : settings.authenticates()
                        ? "security.tls.certificate is not set, so that others can read what is sent"
                        : "security.tls.certificate and security.tokens are not set, so that everybody could use it";
        throw new IOException(("%s: other machines reach %s, and %s; set it up (docs/server.md, Security),"
                        + " or listen on 127.0.0.1, or say security.allow-insecure: true if something else protects the server")
                .formatted(key, host, missing));
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return true; // there is nothing to listen on, which will be told
        }
    }

    private static Reloaded<TlsIdentity> identity(SecuritySettings.Tls settings, Set<Surface> open) throws IOException {
        TlsFiles files = TlsFiles.of(settings);
        // Where something is open to everybody, the handshake is too, and the gate asks for the certificate.
        boolean must = settings.clientsMust() && open.isEmpty();
        return new Reloaded<>(files.all(), contents -> TlsIdentity.load(files, must, contents));
    }

    private static Reloaded<Tokens> tokens(SourceFile file) throws IOException {
        return new Reloaded<>(List.of(file), contents -> {
            try {
                return TokensFile.parse(contents.getFirst());
            } catch (IOException e) {
                throw file.wrong(String.valueOf(e.getMessage()));
            }
        });
    }

    /** Who may call. */
    public Gate gate() {
        return gate;
    }

    /** The certificates of the moment, another object whenever there are others; empty for plaintext. */
    public Optional<Supplier<TlsIdentity>> tls() {
        Reloaded<TlsIdentity> identity = tls;
        return identity == null ? Optional.empty() : Optional.of(identity::get);
    }

    private void look() {
        look("certificates", tls);
        if (look("tokens", tokens)) {
            gate.renew();
        }
    }

    private boolean look(String what, @Nullable Reloaded<?> files) {
        try {
            if (files == null || !files.look()) {
                return false;
            }
            observer.reloaded(what);
            return true;
        } catch (IOException e) {
            observer.reloadFailed(what, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) { // a defect must not end the watching
            observer.reloadFailed(what, e.getClass().getSimpleName());
        }
        return false;
    }

    @Override
    public void close() {
        watcher.shutdownNow();
    }
}
