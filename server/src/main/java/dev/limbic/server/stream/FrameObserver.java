package dev.limbic.server.stream;

/** Hears what becomes of frames, for telemetry. Called under a stream's lock; must be quick and must not throw. */
public interface FrameObserver {
    /** Why nobody looks at a frame. */
    enum Drop {
        /** A newer one of its subject came while it waited. */
        OVERTAKEN,
        /** It came sooner after others than the rate allows. */
        EARLY
    }

    /** Hears nothing. */
    FrameObserver NONE = new FrameObserver() {
        @Override
        public void came() {}

        @Override
        public void dropped(Drop reason) {}
    };

    /** A frame came, which may be dropped later. */
    void came();

    /** A frame that came will not be looked at. */
    void dropped(Drop reason);
}
