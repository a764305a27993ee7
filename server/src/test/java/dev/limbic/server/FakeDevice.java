package dev.limbic.server;

import dev.limbic.ops.Device;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/** A device that can only be closed: for models that compute nothing. */
public final class FakeDevice {
    private FakeDevice() {}

    /**
     * Opens it.
     *
     * @param closed counts how often it is closed
     */
    public static Device open(AtomicInteger closed) {
        return (Device) Proxy.newProxyInstance(
                Device.class.getClassLoader(), new Class<?>[] {Device.class}, (self, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        closed.incrementAndGet();
                        return null;
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }
}
