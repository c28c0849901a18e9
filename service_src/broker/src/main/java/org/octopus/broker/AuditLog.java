package org.octopus.broker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Who did what to which resource, as JSON lines: the first time at once, then at
 * most one line a minute with the number of times since the last. Bounded for each principal and for all of them; what
 * does not fit is counted, principal by principal.
 */
final class AuditLog {

    /** How a decision went. */
    enum Outcome {
        ALLOW,
        DENY
    }

    /**
     * What was decided on.
     *
     * @param action IAM action, or {@code kafka:<operation>} where Kafka's operation has none
     * @param resource ARN; a long one is shortened, as whoever asks chooses the name and what is written stays
     */
    record Subject(String action, CharSequence resource) {

        static final int LONGEST = 512;

        Subject {
            int excess = resource.length() - LONGEST;
            if (excess > 0) {
                resource = resource.subSequence(0, LONGEST) + "... and " + excess + " characters more";
            }
        }
    }

    private record Line(PolicyKey key, Subject subject, Outcome outcome) {}

    private static final class Tally {
        private long writtenNanos;
        private long since;
        private String reason;
    }

    static final Duration WINDOW = Duration.ofMinutes(1);

    private final ObjectMapper json = new ObjectMapper();
    private final LongSupplier nanos;
    private final Consumer<String> lines;
    private final Map<Line, Tally> tallies = new HashMap<>();
    private final AuditShares shares = new AuditShares();
    private final Counts counts;

    /** A log that hands its lines, one JSON object each, to {@code lines}. */
    AuditLog(LongSupplier nanos, Consumer<String> lines, Counts counts) {
        this.nanos = nanos;
        this.lines = lines;
        this.counts = counts;
    }

    /** Counts a decision, and writes it when it is the first of its kind in a minute. */
    synchronized void record(PolicyKey key, Subject subject, Outcome outcome, String reason) {
        Line line = new Line(key, subject, outcome);
        long now = nanos.getAsLong();
        Tally tally = tallies.get(line);
        if (tally == null) {
            if (!shares.open(key.principal())) {
                counts.add(Counts.Event.AUDIT_LINE_LOST);
                return;
            }
            tally = new Tally();
            tally.writtenNanos = now - WINDOW.toNanos();
            tallies.put(line, tally);
        }
        tally.since++;
        tally.reason = reason;
        if (now - tally.writtenNanos >= WINDOW.toNanos()) {
            write(line, tally, now);
        }
    }

    /** Writes what is due and forgets what has not happened for a minute. */
    synchronized void flush() {
        long now = nanos.getAsLong();
        Iterator<Map.Entry<Line, Tally>> entries = tallies.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<Line, Tally> entry = entries.next();
            if (now - entry.getValue().writtenNanos < WINDOW.toNanos()) {
                continue;
            }
            if (entry.getValue().since == 0) {
                entries.remove();
                shares.close(entry.getKey().key().principal());
            } else {
                write(entry.getKey(), entry.getValue(), now);
            }
        }
        writeDropped();
    }

    /** Writes everything that was counted and not written; for the end. */
    synchronized void close() {
        long now = nanos.getAsLong();
        tallies.forEach((line, tally) -> {
            if (tally.since > 0) {
                write(line, tally, now);
            }
            shares.close(line.key().principal());
        });
        tallies.clear();
        writeDropped();
    }

    private void write(Line line, Tally tally, long now) {
        ObjectNode node = stamped()
                .put("principal", line.key().principal())
                .put("access_key_id", line.key().accessKeyId())
                .put("action", line.subject().action())
                .put("resource", line.subject().resource().toString())
                .put("outcome", line.outcome().name().toLowerCase(Locale.ROOT))
                .put("count", tally.since);
        if (!tally.reason.isEmpty()) {
            node.put("reason", tally.reason);
        }
        write(node);
        tally.since = 0;
        tally.writtenNanos = now;
    }

    private void writeDropped() {
        shares.takeDropped()
                .forEach((principal, count) -> write(stamped().put("principal", principal).put("dropped", count)));
    }

    private ObjectNode stamped() {
        return json.createObjectNode().put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    }

    private void write(ObjectNode node) {
        try {
            lines.accept(json.writeValueAsString(node));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of text and numbers is always JSON", e);
        }
    }
}
