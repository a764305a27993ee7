package dev.limbic.server.wire;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;

/**
 * Counts what gRPC has received of a message that is not complete yet: a client may send most of many and the rest of
 * none. Called on the connection's thread.
 */
final class Unread extends ServerStreamTracer {
    /** What gRPC keeps of a frame beside its bytes. */
    private static final int FRAME_BYTES = 256;

    private final Admission admission;
    private long held;

    private Unread(Admission admission) {
        this.admission = admission;
    }

    /** One for each call. */
    static ServerStreamTracer.Factory factory(Admission admission) {
        return new ServerStreamTracer.Factory() {
            @Override
            public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
                return new Unread(admission);
            }
        };
    }

    @Override
    public void inboundWireSize(long bytes) {
        hold(bytes + FRAME_BYTES);
    }

    @Override
    public void inboundMessageRead(int number, long wireBytes, long plainBytes) {
        hold(-held);
    }

    @Override
    public void streamClosed(io.grpc.Status status) {
        hold(-held);
    }

    private synchronized void hold(long more) {
        held += more;
        admission.unread(more);
    }
}
