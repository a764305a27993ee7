package dev.limbic.server.security;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and private keys in PEM (RFC 7468). */
final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*+)-----END \\1-----");

    private record Block(String type, byte[] content) {}

    private Pem() {}

    /** @throws IOException if there is none, or one cannot be read */
    static List<X509Certificate> certificates(byte[] pem) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Block block : blocks(pem)) {
                if (block.type().equals("CERTIFICATE")) {
                    certificates.add(
                            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.content())));
                }
            }
        } catch (CertificateException e) {
            throw new IOException("holds a certificate that cannot be read", e);
        }
        if (certificates.isEmpty()) {
            throw new IOException("holds no certificate; a line '-----BEGIN CERTIFICATE-----' is expected");
        }
        return certificates;
    }

    /**
     * The key that belongs to a certificate.
     *
     * @throws IOException if there is not just one, or it cannot be read
     */
    static PrivateKey privateKey(byte[] pem, PublicKey counterpart) throws IOException {
        List<Block> keys = blocks(pem).stream()
                .filter(block -> block.type().endsWith("PRIVATE KEY"))
                .toList();
        if (keys.size() != 1) {
            throw new IOException("holds %d private keys; one is expected, after a line '-----BEGIN PRIVATE KEY-----'"
                    .formatted(keys.size()));
        }
        Block key = keys.getFirst();
        byte[] pkcs8 = switch (key.type()) {
            case "PRIVATE KEY" -> key.content();
            case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> asPkcs8(key.content(), counterpart);
            default ->
                throw new IOException("holds a key that needs a password; 'openssl pkey -in KEY -out NEW' removes it");
        };
        try {
            return KeyFactory.getInstance(counterpart.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "holds no %s key, as the certificate needs, or a broken one".formatted(counterpart.getAlgorithm()),
                    e);
        }
    }

    private static List<Block> blocks(byte[] pem) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(new String(pem, StandardCharsets.ISO_8859_1));
        try {
            while (matcher.find()) {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("is not valid PEM: what stands between the lines of dashes is not Base64", e);
        }
        return blocks;
    }

    /**
     * Wraps a key of the older forms PKCS#1 and SEC 1 as PKCS#8: a version, the algorithm, which is spelt as in the
     * public key, and the older form.
     */
    private static byte[] asPkcs8(byte[] older, PublicKey counterpart) {
        byte[] algorithm = firstElement(contents(counterpart.getEncoded()));
        byte[] version = {2, 1, 0};
        return element(0x30, concatenated(version, algorithm, element(0x04, older)));
    }

    /** What is inside a DER element. */
    private static byte[] contents(byte[] der) {
        return java.util.Arrays.copyOfRange(der, headerLength(der), der.length);
    }

    private static byte[] firstElement(byte[] der) {
        int length = der[1] & 0x7f;
        if (der[1] < 0) {
            int digits = length;
            length = 0;
            for (int i = 0; i < digits; i++) {
                length = length << 8 | (der[2 + i] & 0xff);
            }
        }
        return java.util.Arrays.copyOf(der, headerLength(der) + length);
    }

    private static int headerLength(byte[] der) {
        return der[1] < 0 ? 2 + (der[1] & 0x7f) : 2;
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            int digits = (32 - Integer.numberOfLeadingZeros(content.length) + 7) / 8;
            out.write(0x80 | digits);
            for (int i = digits - 1; i >= 0; i--) {
                out.write(content.length >>> (8 * i));
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concatenated(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
