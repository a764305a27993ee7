package dev.limbic.server.config;

import dev.limbic.server.config.ServerConfig.Security;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Reads who may call. The files themselves are read where they are used, and again when they change. */
final class SecurityReader {
    private static final String NONE = "none";

    /** What {@code client-certificates} may be. */
    private enum Clients {
        OPTIONAL,
        REQUIRED
    }

    private final Section section;
    private final BiFunction<Setting, String, Path> resolver;

    /** @param resolver the path that a setting of a key means */
    SecurityReader(Section section, BiFunction<Setting, String, Path> resolver) {
        this.section = section;
        this.resolver = resolver;
    }

    Security read(Section tls, Section open) {
        Path tokens = file(section, "security.", "tokens");
        Path certificate = file(tls, "security.tls.", "certificate");
        Path key = file(tls, "security.tls.", "key");
        Path clientAuthorities = file(tls, "security.tls.", "client-ca");
        boolean required = tls.choice("client-certificates", Clients.class) == Clients.REQUIRED;
        if ((certificate == null) != (key == null)) {
            String alone = key == null ? "certificate" : "key";
            tls.complain(alone, tls.require(alone), "is not enough: certificate and key belong together");
        } else if (clientAuthorities != null && certificate == null) {
            tls.complain(
                    "client-ca", tls.require("client-ca"), "is of no use without security.tls.certificate and its key");
        } else if (clientAuthorities != null && !required && tokens == null) {
            tls.complain(
                    "client-ca",
                    tls.require("client-ca"),
                    "lets in everybody without security.tokens; require certificates, or name a file of tokens");
        }
        if (required && clientAuthorities == null) {
            tls.complain("client-certificates", tls.require("client-certificates"), "needs security.tls.client-ca");
        }
        return new Security(
                tokens,
                certificate == null || key == null
                        ? null
                        : new Security.Tls(certificate, key, clientAuthorities, required),
                new Security.Open(open.flag("health"), open.flag("reflection"), open.flag("metrics")),
                section.flag("allow-insecure"),
                section.duration("reload-interval", Duration.ofMillis(10), Duration.ofHours(1)));
    }

    private @Nullable Path file(Section from, String path, String key) {
        Setting setting = from.require(key);
        return setting.value().isEmpty() || setting.value().equals(NONE) ? null : resolver.apply(setting, path + key);
    }
}
