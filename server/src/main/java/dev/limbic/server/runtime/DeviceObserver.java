package dev.limbic.server.runtime;

/** Hears what becomes of devices. Called on the threads that own them; must be quick and must not throw. */
interface DeviceObserver {
    /** The device answers nothing any more; its models are not served. */
    void lost(Host host, Throwable cause);

    /** The device was opened again; its models are served. */
    void restored(Host host);

    /** The device will not be opened again. */
    void abandoned(Host host);

    /** Hears nothing. */
    DeviceObserver NONE = new DeviceObserver() {
        @Override
        public void lost(Host host, Throwable cause) {}

        @Override
        public void restored(Host host) {}

        @Override
        public void abandoned(Host host) {}
    };
}
