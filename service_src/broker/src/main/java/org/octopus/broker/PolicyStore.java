package org.octopus.broker;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

    private static final Logger LOG = LoggerFactory.getLogger(PolicyStore.class);
    private static final int MOST = 50_000;

    private final JudgeClient judge;
    private final LongSupplier nanos;
    private final ConcurrentMap<PolicyKey, HeldPolicy> held = new ConcurrentHashMap<>();
    private final ConcurrentMap<PolicyKey, Long> seen = new ConcurrentHashMap<>();
    private final ConcurrentMap<PolicyKey, CompletableFuture<Void>> asking = new ConcurrentHashMap<>();

    PolicyStore(JudgeClient judge, LongSupplier nanos) {
        this.judge = judge;
        this.nanos = nanos;
    }

    /** What is known of a principal; null when the judge cannot be asked, and the answer may be stale then. */
    HeldPolicy of(PolicyKey key) {
        long now = nanos.getAsLong();
        seen.put(key, now);
        HeldPolicy policy = held.get(key);
        if (policy == null || policy.stale(now)) {
            askOnce(key);
            policy = held.get(key);
        }
        return policy;
    }

    /** Takes a reply to a question that was put at {@code askedNanos}. */
    void take(PolicyReply reply, long askedNanos) {
        if (reply instanceof PolicyReply.Rules rules) {
            HeldPolicy policy = new HeldPolicy(
                    rules.policy(), rules.version(), askedNanos - millis(rules.ageMs()), askedNanos);
            hold(rules.key(), policy);
        } else if (reply instanceof PolicyReply.Denied denied) {
            hold(denied.key(), new HeldPolicy(null, "", askedNanos, askedNanos));
        } else if (reply instanceof PolicyReply.Unchanged unchanged) {
            held.computeIfPresent(unchanged.key(), (key, old) -> confirm(old, unchanged, askedNanos));
        }
    }

    /** Takes the policy that came with a token; its principal counts as in use from now on. */
    void takeVerified(PolicyReply.Rules rules, long askedNanos) {
        seen.put(rules.key(), nanos.getAsLong());
        take(rules, askedNanos);
    }

    /** The version held of each principal in use; principals out of use are dropped. */
    Map<PolicyKey, String> versionsInUse() {
        long now = nanos.getAsLong();
        seen.values().removeIf(last -> now - last >= IN_USE.toNanos());
        held.keySet().retainAll(seen.keySet());
        Map<PolicyKey, String> versions = new HashMap<>();
        held.forEach((key, policy) -> versions.put(key, policy.version()));
        return versions;
    }

    private HeldPolicy confirm(HeldPolicy old, PolicyReply.Unchanged reply, long askedNanos) {
        boolean same = !old.denied() && old.version().equals(reply.version());
        if (!same || old.askedNanos() - askedNanos > 0) {
            return old;
        }
        return new HeldPolicy(old.policy(), old.version(), askedNanos - millis(reply.ageMs()), askedNanos);
    }

    private void hold(PolicyKey key, HeldPolicy policy) {
        if (held.size() >= MOST && !held.containsKey(key)) {
            LOG.error("{} policies are held; that of {} is not", MOST, key.principal());
            return;
        }
        held.merge(key, policy, (old, young) -> old.askedNanos() - young.askedNanos() > 0 ? old : young);
    }

    private void askOnce(PolicyKey key) {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> first = asking.putIfAbsent(key, mine);
        if (first != null) {
            // It ends within the judge's time-out, whatever the judge does.
            first.join();
            return;
        }
        try {
            long asked = nanos.getAsLong();
            List<PolicyReply> replies = judge.policyWhileWaiting(key);
            replies.stream().filter(reply -> reply.key().equals(key)).forEach(reply -> take(reply, asked));
        } catch (JudgeAwayException e) {
            LOG.debug("No policy for {}: {}", key.principal(), e.getMessage());
        } finally {
            asking.remove(key);
            mine.complete(null);
        }
    }

    private static long millis(long ms) {
        return Duration.ofMillis(ms).toNanos();
    }
}
