package org.octopus.broker;

import java.util.function.LongSupplier;

/**
 * What one principal may do by one key, as far as the broker knows, and since when it may do less than before: what was
 * allowed until then may wait in the broker for a long time, and must not leave it any more.
 */
final class Standing {

    private final LongSupplier nanos;
    private final Object taking = new Object();
    private volatile HeldPolicy held;
    private volatile long seenNanos;
    private volatile long narrowedNanos;
    private volatile boolean dropped;

    // Guarded by the standing: whoever holds it may ask the judge, others wait, and find the answer.
    private long pauseUntilNanos;

    Standing(LongSupplier nanos) {
        this.nanos = nanos;
        long now = nanos.getAsLong();
        this.seenNanos = now;
        this.narrowedNanos = now;
        this.pauseUntilNanos = now;
    }

    /** What is held; null when the judge has not told anything yet. */
    HeldPolicy held() {
        return held;
    }

    /** Notes that it is in use; false when it has been dropped, and another is to be asked for. */
    boolean use() {
        seenNanos = nanos.getAsLong();
        return !dropped;
    }

    /** Drops it when nobody has used it for a while: nothing is learnt of it from then on, so nothing rests on it. */
    boolean dropIfUnused() {
        if (nanos.getAsLong() - seenNanos < PolicyStore.IN_USE.toNanos()) {
            return false;
        }
        dropped = true;
        return true;
    }

    /**
     * Takes what the judge told; a later question outranks an earlier one, whichever is answered first, and a later
     * reading an earlier one, whichever judge it is of.
     */
    void take(HeldPolicy young) {
        synchronized (taking) {
            HeldPolicy old = held;
            if (old != null && (old.askedNanos() - young.askedNanos() > 0 || young.overtakenBy(old))) {
                return;
            }
            held = young;
            if (old != null && young.narrowerThan(old)) {
                // After it is held: a request that arrives from now on is decided by it.
                narrowedNanos = nanos.getAsLong();
            }
        }
    }

    /**
     * Why what was allowed to a request that arrived at a moment may not be sent now; null when it may.
     *
     * @param arrivedNanos when the request arrived, {@link System#nanoTime()}
     * @param arrivedMs the same moment, ms since epoch
     * @param millis tells the moment that it is now, ms since epoch
     */
    String refusal(long arrivedNanos, long arrivedMs, LongSupplier millis) {
        if (dropped) {
            return "its rights were not asked for any more";
        }
        if (narrowedNanos - arrivedNanos > 0) {
            return "its rights were narrowed";
        }
        HeldPolicy policy = held;
        if (policy == null || policy.denied()) {
            // Nothing was allowed then, so this can only be the answer that says so.
            return null;
        }
        if (policy.stale(nanos.getAsLong()) && !policy.stale(arrivedNanos)) {
            return "its policy became older than " + PolicyStore.MAX_AGE.toSeconds() + " s";
        }
        return policy.policy().turnedSince(arrivedMs, millis) ? "a condition on time in its policy turned" : null;
    }

    long pauseUntilNanos() {
        return pauseUntilNanos;
    }

    void pauseUntil(long untilNanos) {
        pauseUntilNanos = untilNanos;
    }
}
