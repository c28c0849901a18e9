package org.octopus.broker;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policies of the principals that are in use, one per principal and key. {@code /verify} brings the first, the
 * refresh keeps them young; a request of a principal that is not held asks the judge once, while others wait for it.
 */
final class PolicyStore {

    /** Age at which a held policy gives no rights any more, counted from the reading of its oldest source. */
    static final Duration MAX_AGE = Duration.ofSeconds(50);

    /** A principal that has asked nothing for so long is no longer refreshed nor held. */
    static final Duration IN_USE = Duration.ofSeconds(60);

    /** After a question without an answer, requests of the same principal are denied for so long unasked. */
    static final Duration PAUSE = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(PolicyStore.class);
    private static final int MOST = 50_000;

    /** One principal in use. */
    private static final class Entry {
        private final AtomicReference<HeldPolicy> held = new AtomicReference<>();
        private volatile long seenNanos;
        // Guarded by the entry: whoever holds it may ask the judge, others wait, and find the answer.
        private long pauseUntilNanos;

        private Entry(long nowNanos) {
            seenNanos = nowNanos;
            pauseUntilNanos = nowNanos;
        }
    }

    private final JudgeClient judge;
    private final LongSupplier nanos;
    private final ConcurrentMap<PolicyKey, Entry> entries = new ConcurrentHashMap<>();

    PolicyStore(JudgeClient judge, LongSupplier nanos) {
        this.judge = judge;
        this.nanos = nanos;
    }

    /** What is known of a principal, maybe stale; null when nothing is, and the judge does not tell now. */
    HeldPolicy of(PolicyKey key) {
        Entry entry = use(key);
        if (entry == null) {
            return null;
        }
        HeldPolicy policy = entry.held.get();
        if (policy == null || policy.stale(nanos.getAsLong())) {
            ask(key, entry);
            policy = entry.held.get();
        }
        return policy;
    }

    /** Takes the policy that came with a token; its principal counts as in use from now on. */
    void takeVerified(PolicyReply.Rules rules, long askedNanos) {
        use(rules.key());
        take(rules, askedNanos);
    }

    /** Takes a reply to a question that was put at {@code askedNanos}; principals out of use are passed over. */
    void take(PolicyReply reply, long askedNanos) {
        Entry entry = entries.get(reply.key());
        if (entry == null) {
            return;
        }
        if (reply instanceof PolicyReply.Rules rules) {
            long read = askedNanos - Duration.ofMillis(rules.ageMs()).toNanos();
            hold(entry, new HeldPolicy(rules.policy(), rules.version(), read, askedNanos));
        } else if (reply instanceof PolicyReply.Denied) {
            hold(entry, new HeldPolicy(null, "", askedNanos, askedNanos));
        } else if (reply instanceof PolicyReply.Unchanged unchanged) {
            long read = askedNanos - Duration.ofMillis(unchanged.ageMs()).toNanos();
            HeldPolicy old = entry.held.get();
            if (old != null && !old.denied() && old.version().equals(unchanged.version())) {
                hold(entry, new HeldPolicy(old.policy(), old.version(), read, askedNanos));
            }
        }
    }

    /** The version held of each principal in use, empty when none is; principals out of use are dropped. */
    Map<PolicyKey, String> versionsInUse() {
        long now = nanos.getAsLong();
        entries.values().removeIf(entry -> now - entry.seenNanos >= IN_USE.toNanos());
        Map<PolicyKey, String> versions = new HashMap<>();
        entries.forEach((key, entry) -> {
            HeldPolicy held = entry.held.get();
            versions.put(key, held == null ? "" : held.version());
        });
        return versions;
    }

    private Entry use(PolicyKey key) {
        long now = nanos.getAsLong();
        Entry entry = entries.get(key);
        if (entry == null) {
            if (entries.size() >= MOST) {
                LOG.error("{} principals are in use; {} is refused", MOST, key.principal());
                return null;
            }
            entry = entries.computeIfAbsent(key, unknown -> new Entry(now));
        }
        entry.seenNanos = now;
        return entry;
    }

    /** A later question outranks an earlier one, whichever is answered first. */
    private static void hold(Entry entry, HeldPolicy young) {
        entry.held.accumulateAndGet(
                young, (old, given) -> old != null && old.askedNanos() - given.askedNanos() > 0 ? old : given);
    }

    private void ask(PolicyKey key, Entry entry) {
        synchronized (entry) {
            long asked = nanos.getAsLong();
            HeldPolicy policy = entry.held.get();
            boolean answered = policy != null && !policy.stale(asked);
            if (answered || asked - entry.pauseUntilNanos < 0) {
                return;
            }
            try {
                List<PolicyReply> replies = judge.policyWhileWaiting(key);
                replies.stream().filter(reply -> reply.key().equals(key)).forEach(reply -> take(reply, asked));
            } catch (JudgeAwayException e) {
                LOG.debug("No policy for {}: {}", key.principal(), e.getMessage());
            }
            entry.pauseUntilNanos = nanos.getAsLong() + PAUSE.toNanos();
        }
    }
}
