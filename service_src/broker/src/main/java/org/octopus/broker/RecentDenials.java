package org.octopus.broker;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Tokens that the judge denied a moment ago, by their SHA-256, so that a client in a loop does not reach it. */
final class RecentDenials {

    /** Short, because a key may be made active again. */
    static final Duration LIFE = Duration.ofSeconds(2);

    private static final int MOST = 10_000;

    private record Denial(String reason, long atNanos) {}

    private final LongSupplier nanos;
    private final Map<String, Denial> denials = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Denial> eldest) {
            return size() > MOST;
        }
    };

    RecentDenials(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** Why the token was denied a moment ago; null when it was not. */
    synchronized String reason(String token) {
        String hash = hash(token);
        Denial denial = denials.get(hash);
        if (denial != null && nanos.getAsLong() - denial.atNanos() >= LIFE.toNanos()) {
            denials.remove(hash);
            return null;
        }
        return denial == null ? null : denial.reason();
    }

    synchronized void add(String token, String reason) {
        denials.put(hash(token), new Denial(reason, nanos.getAsLong()));
    }

    private static String hash(String token) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha256.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
