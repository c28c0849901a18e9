package org.octopus.broker;

import java.time.Duration;

/**
 * What the broker knows of one principal's rights.
 *
 * @param policy the rules; null when the judge denied the key altogether
 * @param version the judge's name for these rules
 * @param readNanos when their oldest source was read, at the earliest ({@link System#nanoTime()})
 * @param askedNanos when the judge was asked for them; a later question outranks an earlier one
 */
record HeldPolicy(Policy policy, String version, long readNanos, long askedNanos) {

    private static final Duration SAME_READING = Duration.ofSeconds(1);

    boolean denied() {
        return policy == null;
    }

    /** Whether something that was allowed by another may not be allowed by this. */
    boolean narrowerThan(HeldPolicy other) {
        if (denied() || other.denied()) {
            return denied() && !other.denied();
        }
        return !version.equals(other.version) && PolicyAtoms.narrower(policy, other.policy);
    }

    /**
     * Whether another, read later, has overtaken it: several judges behind one name may have read their sources at
     * different times. Readings within a second are as good as one, since their ages are known only as exactly as the
     * time that the questions took. A denial is never overtaken: what it rests on has no age.
     */
    boolean overtakenBy(HeldPolicy other) {
        return !denied()
                && !other.denied()
                && !version.equals(other.version)
                && other.readNanos - readNanos > SAME_READING.toNanos();
    }

    /** Whether too much time has passed since the reading for any right to stand on it. */
    boolean stale(long nowNanos) {
        return !denied() && nowNanos - readNanos >= PolicyStore.MAX_AGE.toNanos();
    }
}
