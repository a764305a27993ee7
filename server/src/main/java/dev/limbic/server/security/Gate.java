package dev.limbic.server.security;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.security.Tokens.Token;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers in. A token in the {@code authorization} header says who calls; without one, the common name of a
 * client's certificate does. Thread-safe.
 */
public final class Gate {
    /** A header as RFC 6750 has it; longer ones are no token of ours. */
    private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([A-Za-z0-9._~+/-]{1,4096}=*)");

    /** Whoever has a certificate, where there are no tokens. */
    private static final Token CERTIFICATE = new Token("certificate", null, Quota.UNBOUNDED);

    private final boolean certificatesMust;
    private final Set<Surface> open;
    private final @Nullable Supplier<Tokens> tokens;
    private final GateObserver observer;
    private final LongSupplier nanoTime;
    private final Map<String, Client> clients = new ConcurrentHashMap<>();
    private final Set<Visit> streams = ConcurrentHashMap.newKeySet();

    /**
     * A gate that is open if neither tokens nor certificates are asked for.
     *
     * @param certificatesMust whether each call needs a certificate
     * @param open what is open to everybody
     * @param tokens that are valid at the moment; null if none are asked for
     * @param nanoTime the clock, as {@link System#nanoTime}
     */
    Gate(
            boolean certificatesMust,
            Set<Surface> open,
            @Nullable Supplier<Tokens> tokens,
            GateObserver observer,
            LongSupplier nanoTime) {
        this.certificatesMust = certificatesMust;
        this.open = Set.copyOf(open);
        this.tokens = tokens;
        this.observer = observer;
        this.nanoTime = nanoTime;
    }

    /**
     * Lets a call in; each one that is let in must {@link Caller#leave}.
     *
     * @throws LimbicException.Unauthenticated if it does not show who it is
     * @throws LimbicException.Denied if it does, and nobody of that name is known
     * @throws LimbicException.Overloaded if it is known, and its quota is used up
     */
    public Caller enter(Attempt attempt) {
        if ((tokens == null && !certificatesMust) || open.contains(attempt.surface())) {
            return Caller.ANYBODY;
        }
        Token token = identify(attempt);
        Client client = clients.computeIfAbsent(token.name(), name -> new Client(name, token.quota(), nanoTime));
        client.quota(token.quota());
        Visit visit = new Visit(this, client, token, attempt);
        visit.begin();
        return visit;
    }

    private Token identify(Attempt attempt) {
        X509Certificate certificate = attempt.certificate();
        if (certificatesMust && certificate == null) {
            throw unauthenticated(attempt, Refusal.NO_CERTIFICATE, "a client certificate is needed");
        }
        if (tokens == null) {
            return CERTIFICATE;
        }
        if (!attempt.authorization().isEmpty()) {
            return bearer(attempt, tokens.get());
        }
        if (certificate == null) {
            throw unauthenticated(attempt, Refusal.NO_TOKEN, "a token is needed: 'authorization: Bearer TOKEN'");
        }
        String name = commonName(certificate);
        Token token = name == null ? null : tokens.get().named(name);
        if (token == null) {
            observer.refused("", attempt.peer(), attempt.method(), Refusal.UNKNOWN_CERTIFICATE);
            throw new LimbicException.Denied(
                    "the certificate is good, but its subject's common name stands for no client of this server");
        }
        return token;
    }

    private Token bearer(Attempt attempt, Tokens valid) {
        List<String> values = attempt.authorization();
        Matcher matcher = BEARER.matcher(values.getFirst());
        if (values.size() != 1 || !matcher.matches()) {
            throw unauthenticated(
                    attempt,
                    Refusal.MALFORMED_TOKEN,
                    values.size() == 1
                            ? "the authorization header is not 'Bearer TOKEN'"
                            : "there is more than one authorization header");
        }
        Token token = valid.withSecret(Secret.ofToken(matcher.group(1)));
        if (token == null) {
            throw unauthenticated(attempt, Refusal.UNKNOWN_TOKEN, "the token is not known to this server");
        }
        return token;
    }

    private LimbicException unauthenticated(Attempt attempt, Refusal reason, String message) {
        observer.refused("", attempt.peer(), attempt.method(), reason);
        return new LimbicException.Unauthenticated(message);
    }

    /** The one common name of a certificate's subject; null if there is none or several. */
    private static @Nullable String commonName(X509Certificate certificate) {
        try {
            List<Rdn> names = new LdapName(certificate.getSubjectX500Principal().getName())
                    .getRdns().stream()
                            .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
                            .toList();
            return names.size() == 1 && names.getFirst().getValue() instanceof String name ? name : null;
        } catch (InvalidNameException e) {
            return null;
        }
    }

    GateObserver observer() {
        return observer;
    }

    void watch(Visit visit) {
        streams.add(visit);
        if (!isValid(visit.token())) { // it may have been taken back a moment ago
            visit.remove();
        }
    }

    void forget(Visit visit) {
        streams.remove(visit);
    }

    private boolean isValid(Token token) {
        return tokens == null || tokens.get().holds(token);
    }

    /** There are other tokens now: quotas change at once, and the streams of those that are gone end. */
    void renew() {
        if (tokens != null) {
            clients.keySet()
                    .retainAll(tokens.get().all().stream().map(Token::name).collect(Collectors.toSet()));
            streams.stream().filter(visit -> !isValid(visit.token())).forEach(Visit::remove);
        }
    }
}
