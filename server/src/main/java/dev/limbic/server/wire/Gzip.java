package dev.limbic.server.wire;

import io.grpc.Codec;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Messages that came compressed. gRPC's own reader looks at the first bytes while it still unpacks the call, and ends the
 * call when they are not gzip's; this one looks when the message is read, so that only the message is refused.
 */
final class Gzip implements Decompressor {
    /** No compression, and gzip. */
    static final DecompressorRegistry REGISTRY = DecompressorRegistry.emptyInstance()
            .with(Codec.Identity.NONE, false)
            .with(new Gzip(), true);

    private Gzip() {}

    @Override
    public String getMessageEncoding() {
        return "gzip";
    }

    @Override
    public InputStream decompress(InputStream compressed) {
        return new Late(compressed);
    }

    private static final class Late extends InputStream {
        private final InputStream compressed;
        private @Nullable InputStream plain;

        Late(InputStream compressed) {
            this.compressed = compressed;
        }

        private InputStream plain() throws IOException {
            InputStream opened = plain;
            if (opened == null) {
                opened = new GZIPInputStream(compressed);
                plain = opened;
            }
            return opened;
        }

        @Override
        public int read() throws IOException {
            return plain().read();
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return plain().read(buffer, offset, length);
        }

        @Override
        public void close() throws IOException {
            // Without the end of the data there is still the inflater's memory, which is not the heap's.
            try (compressed) {
                if (plain != null) {
                    plain.close();
                }
            }
        }
    }
}
