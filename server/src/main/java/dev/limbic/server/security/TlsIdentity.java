package dev.limbic.server.security;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * With what the server shows who it is, and whom it believes. One object is one state of the files: who builds
 * something out of it builds it anew when there is another.
 *
 * @param chain the server's certificate, then those that vouch for it
 * @param clientAuthorities null if clients are not asked for certificates
 * @param clientsMust whether a handshake without a client's certificate fails
 */
public record TlsIdentity(
        KeyManagerFactory keys,
        List<X509Certificate> chain,
        @Nullable TrustManagerFactory clientAuthorities,
        boolean clientsMust) {
    /** What is spoken; nothing older is safe. */
    public static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    /** Time for a handshake; who takes longer holds a connection for nothing. */
    public static final int HANDSHAKE_SECONDS = 10;

    private static final String NAME = "limbic";

    /** When the server's certificate expires. */
    public Instant expires() {
        return chain.getFirst().getNotAfter().toInstant();
    }

    /**
     * Reads PEM.
     *
     * @throws IOException saying which file is wrong, and what is
     */
    static TlsIdentity load(TlsFiles files, boolean clientsMust, List<byte[]> contents) throws IOException {
        List<X509Certificate> chain = certificates(files.certificate(), contents.get(0));
        requireValid(chain.getFirst(), files.certificate());
        PrivateKey key;
        try {
            key = Pem.privateKey(contents.get(1), chain.getFirst().getPublicKey());
        } catch (IOException e) {
            throw files.key().wrong(String.valueOf(e.getMessage()));
        }
        if (!areOnePair(key, chain.getFirst().getPublicKey())) {
            throw files.key()
                    .wrong("is not the key of the certificate in "
                            + files.certificate().path());
        }
        SourceFile authorities = files.clientAuthorities();
        try {
            return new TlsIdentity(
                    keys(key, chain),
                    List.copyOf(chain),
                    authorities == null ? null : authorities(certificates(authorities, contents.get(2))),
                    authorities != null && clientsMust);
        } catch (GeneralSecurityException e) {
            throw files.certificate().wrong("cannot be used: " + e.getMessage());
        }
    }

    private static List<X509Certificate> certificates(SourceFile file, byte[] content) throws IOException {
        try {
            return Pem.certificates(content);
        } catch (IOException e) {
            throw file.wrong(String.valueOf(e.getMessage()));
        }
    }

    private static void requireValid(X509Certificate certificate, SourceFile file) throws IOException {
        try {
            certificate.checkValidity();
        } catch (CertificateExpiredException e) {
            throw file.wrong("expired at " + certificate.getNotAfter().toInstant() + "; no client would accept it");
        } catch (CertificateNotYetValidException e) {
            throw file.wrong(
                    "is valid from " + certificate.getNotBefore().toInstant() + " on; is this machine's clock right?");
        }
    }

    private static boolean areOnePair(PrivateKey key, PublicKey counterpart) {
        String algorithm = switch (counterpart.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> counterpart.getAlgorithm();
        };
        try {
            byte[] probe = {1};
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(counterpart);
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static KeyManagerFactory keys(PrivateKey key, List<X509Certificate> chain)
            throws GeneralSecurityException, IOException {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        char[] password = HexFormat.of().formatHex(bytes).toCharArray(); // the store wants one; nobody else needs it
        KeyStore store = emptyStore();
        store.setKeyEntry(NAME, key, password, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory;
    }

    private static TrustManagerFactory authorities(List<X509Certificate> certificates)
            throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        for (int i = 0; i < certificates.size(); i++) {
            store.setCertificateEntry(NAME + i, certificates.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
