package dev.limbic.server.wire;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A client that sends HTTP/2 frames as it likes, which no library lets it do (RFC 9113; headers as in RFC 7541). */
final class RawHttp2 implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int END_STREAM = 1;
    static final int ENHANCE_YOUR_CALM = 0xb;

    /** A frame of the server. */
    record Frame(int type, int flags, int stream, byte[] payload) {
        /** Of a GOAWAY. */
        int errorCode() {
            return ByteBuffer.wrap(payload).getInt(4);
        }
    }

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;

    RawHttp2(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
        in = new DataInputStream(socket.getInputStream());
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        send(SETTINGS, 0, 0, new byte[0]);
        out.flush();
    }

    void send(int type, int flags, int stream, byte[] payload) throws IOException {
        byte[] head = ByteBuffer.allocate(9)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .array();
        out.write(head);
        out.write(payload);
    }

    /** Opens a stream for a method, such as {@code limbic.v1.EmotionService/AnalyzeStream}. */
    void call(int stream, String method) throws IOException {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write(0x83); // :method POST
        block.write(0x86); // :scheme http
        literal(block, ":path", "/" + method);
        literal(block, ":authority", "localhost");
        literal(block, "content-type", "application/grpc");
        literal(block, "te", "trailers");
        send(HEADERS, 4, stream, block.toByteArray());
    }

    private static void literal(ByteArrayOutputStream block, String name, String value) throws IOException {
        block.write(0);
        for (String text : new String[] {name, value}) {
            block.write(text.length()); // of less than 127 bytes, without Huffman's code
            block.write(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** A message with its prefix. */
    static byte[] message(byte[] content) {
        return ByteBuffer.allocate(5 + content.length)
                .put((byte) 0)
                .putInt(content.length)
                .put(content)
                .array();
    }

    void flush() throws IOException {
        out.flush();
    }

    Frame next() throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = new byte[length];
        in.readFully(payload);
        return new Frame(type, flags, stream, payload);
    }

    /** The next frame of one of two kinds. */
    Frame next(int kind, int other) throws IOException {
        for (Frame frame = next(); ; frame = next()) {
            if (frame.type() == kind || frame.type() == other) {
                return frame;
            }
        }
    }

    /** How the server ends the connection; a PING that it answers instead is returned. */
    Frame end() throws IOException {
        try {
            send(PING, 0, 0, new byte[8]);
            flush();
        } catch (IOException e) {
            // It has closed its side already; what it said before can still be read.
        }
        return next(GOAWAY, PING);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
