package dev.limbic.server.runtime;

import java.io.IOException;
import java.net.UnknownHostException;
import java.util.Locale;

/** Why a port could not be bound, and what to do about it. The JDK and Netty tell it in words only. */
final class Unbound {
    private Unbound() {}

    /**
     * A sentence for whoever starts the server.
     *
     * @param key of the configuration, such as {@code grpc}, that says where to listen
     */
    static String why(String key, IOException cause) {
        if (cause instanceof UnknownHostException) {
            return "no such host; " + key + ".host must be a name or an address of this machine";
        }
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String reason = String.valueOf(root.getMessage());
        return reason + "; " + advice(key, reason.toLowerCase(Locale.ROOT));
    }

    private static String advice(String key, String reason) {
        if (reason.contains("in use")) {
            return "is another server running? Choose another " + key + ".port, 0 for any";
        }
        if (reason.contains("permission denied") || reason.contains("not permitted")) {
            return "ports below 1024 need a right, on Linux CAP_NET_BIND_SERVICE; choose a higher " + key
                    + ".port, 0 for any, or give this process the right";
        }
        if (reason.contains("assign requested address") || reason.contains("not available")) {
            return key + ".host must be an address of this machine, 0.0.0.0 for all of them";
        }
        return "look at " + key + ".host and " + key + ".port";
    }
}
