package org.octopus.broker;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
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

    private final JudgeClient judge;
    private final LongSupplier nanos;
    private final ConcurrentMap<PolicyKey, Standing> standings = new ConcurrentHashMap<>();

    PolicyStore(JudgeClient judge, LongSupplier nanos) {
        this.judge = judge;
        this.nanos = nanos;
    }

    /** What is known of a principal, maybe stale; null when nothing is, and the judge does not tell now. */
    HeldPolicy of(PolicyKey key) {
        Standing standing = standing(key);
        if (standing == null) {
            return null;
        }
        HeldPolicy policy = standing.held();
        if (policy == null || policy.stale(nanos.getAsLong())) {
            ask(key, standing);
            policy = standing.held();
        }
        return policy;
    }

    /** Where a principal stands, in use from now on; null when too many are. Nobody is asked. */
    Standing standing(PolicyKey key) {
        Standing standing = standings.get(key);
        while (standing == null || !standing.use()) {
            if (standings.size() >= MOST) {
                LOG.error("{} principals are in use; {} is refused", MOST, key.principal());
                return null;
            }
            if (standing != null) {
                standings.remove(key, standing);
            }
            standing = standings.computeIfAbsent(key, unknown -> new Standing(nanos));
        }
        return standing;
    }

    /** Takes the policy that came with a token; its principal counts as in use from now on. */
    void takeVerified(PolicyReply.Rules rules, long askedNanos) {
        standing(rules.key());
        take(rules, askedNanos);
    }

    /** Takes a reply to a question that was put at {@code askedNanos}; principals out of use are passed over. */
    void take(PolicyReply reply, long askedNanos) {
        Standing standing = standings.get(reply.key());
        if (standing == null) {
            return;
        }
        if (reply instanceof PolicyReply.Rules rules) {
            long read = askedNanos - Duration.ofMillis(rules.ageMs()).toNanos();
            standing.take(new HeldPolicy(rules.policy(), rules.version(), read, askedNanos));
        } else if (reply instanceof PolicyReply.Denied) {
            standing.take(new HeldPolicy(null, "", askedNanos, askedNanos));
        } else if (reply instanceof PolicyReply.Unchanged unchanged) {
            long read = askedNanos - Duration.ofMillis(unchanged.ageMs()).toNanos();
            HeldPolicy old = standing.held();
            if (old != null && !old.denied() && old.version().equals(unchanged.version())) {
                standing.take(new HeldPolicy(old.policy(), old.version(), read, askedNanos));
            }
        }
    }

    /** The version held of each principal in use, empty when none is; principals out of use are dropped. */
    Map<PolicyKey, String> versionsInUse() {
        standings.values().removeIf(Standing::dropIfUnused);
        Map<PolicyKey, String> versions = new HashMap<>();
        standings.forEach((key, standing) -> {
            HeldPolicy held = standing.held();
            versions.put(key, held == null ? "" : held.version());
        });
        return versions;
    }

    /** How many principals' policies are held now, whatever they say. */
    long held() {
        return standings.values().stream().filter(standing -> standing.held() != null).count();
    }

    private void ask(PolicyKey key, Standing standing) {
        synchronized (standing) {
            long asked = nanos.getAsLong();
            HeldPolicy policy = standing.held();
            boolean answered = policy != null && !policy.stale(asked);
            if (answered || asked - standing.pauseUntilNanos() < 0) {
                return;
            }
            try {
                List<PolicyReply> replies = judge.policyWhileWaiting(key);
                replies.stream().filter(reply -> reply.key().equals(key)).forEach(reply -> take(reply, asked));
            } catch (JudgeAwayException e) {
                LOG.debug("No policy for {}: {}", key.principal(), e.getMessage());
            }
            standing.pauseUntil(nanos.getAsLong() + PAUSE.toNanos());
        }
    }
}
