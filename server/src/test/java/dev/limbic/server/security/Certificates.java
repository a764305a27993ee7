package dev.limbic.server.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificates and keys that the JDK's keytool makes, once for all tests of this JVM. */
public final class Certificates {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final Certificates ALL = make();

    private final KeyStore store;
    private final Path folder;

    /**
     * A certificate and its key as files.
     *
     * @param authority certificate of who signed it
     */
    public record Pair(Path certificate, Path key, Path authority) {}

    private Certificates(KeyStore store, Path folder) {
        this.store = store;
        this.folder = folder;
    }

    /** Such as {@code server}, {@code other-server}, {@code rsa-server}, {@code expired}, {@code alice}, {@code stranger}, {@code impostor}. */
    public static Pair pair(String name) {
        return ALL.files(name);
    }

    /** The certificate of a pair. */
    public static X509Certificate certificate(String name) throws GeneralSecurityException {
        return (X509Certificate) ALL.store.getCertificate(name);
    }

    static Key key(String name) throws GeneralSecurityException {
        return ALL.store.getKey(name, PASSWORD);
    }

    /** A block of PEM. */
    public static String pem(String type, byte[] content) {
        String lines = Base64.getMimeEncoder(64, new byte[] {10}).encodeToString(content);
        return "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(type, lines, type);
    }

    private static Certificates make() {
        try {
            Path folder = Files.createTempDirectory("limbic-certificates");
            Path file = folder.resolve("store.p12");
            authority(file, "authority");
            authority(file, "foreign-authority");
            signed(file, "server", "EC", "CN=localhost", "authority", "now", 30);
            signed(file, "other-server", "EC", "CN=localhost", "authority", "now", 60);
            signed(file, "rsa-server", "RSA", "CN=localhost", "authority", "now", 30);
            signed(file, "expired", "EC", "CN=localhost", "authority", "-3d", 1);
            signed(file, "alice", "EC", "CN=alice,O=players", "authority", "now", 30);
            signed(file, "stranger", "EC", "CN=stranger", "authority", "now", 30);
            signed(file, "twofold", "EC", "CN=alice,CN=bob", "authority", "now", 30);
            signed(file, "impostor", "EC", "CN=alice", "foreign-authority", "now", 30);
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD);
            }
            return new Certificates(store, folder);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void authority(Path store, String name) throws IOException {
        keytool(store, name, "EC", "CN=" + name, "now", 90, List.of("-ext", "bc:c"));
    }

    private static void signed(
            Path store, String name, String algorithm, String subject, String signer, String start, int days)
            throws IOException {
        List<String> more = List.of("-signer", signer, "-ext", "san=dns:localhost,ip:127.0.0.1");
        keytool(store, name, algorithm, subject, start, days, more);
    }

    private static void keytool(
            Path store, String name, String algorithm, String subject, String start, int days, List<String> more)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD),
                "-alias",
                name,
                "-keyalg",
                algorithm,
                "-dname",
                subject,
                "-validity",
                Integer.toString(days)));
        if (!start.equals("now")) {
            command.addAll(List.of("-startdate", start));
        }
        command.addAll(more);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("keytool: " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private synchronized Pair files(String name) {
        try {
            Certificate[] chain = store.getCertificateChain(name);
            Path certificate = folder.resolve(name + ".pem");
            Path key = folder.resolve(name + ".key");
            Path authority = folder.resolve(name + "-authority.pem");
            Files.writeString(certificate, pem("CERTIFICATE", chain[0].getEncoded()));
            Files.writeString(authority, pem("CERTIFICATE", chain[chain.length - 1].getEncoded()));
            write(key, pem("PRIVATE KEY", key(name).getEncoded()));
            return new Pair(certificate, key, authority);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes a file that only its owner may read. */
    public static Path write(Path file, String content) throws IOException {
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }
}
