package org.octopus.broker;

import java.util.List;
import java.util.function.LongSupplier;

/**
 * A principal's effective rights: layers that must all agree (identity policies, boundary, a session's own).
 *
 * @param layers rules of each layer
 * @param moments when a condition on time may turn, ms since epoch
 */
record Policy(List<List<Rule>> layers, List<Long> moments) {

    Policy(List<List<Rule>> layers) {
        this(
                layers,
                layers.stream()
                        .flatMap(List::stream)
                        .flatMap(rule -> rule.conditions().stream())
                        .flatMap(condition -> condition.epochMs().stream())
                        .toList());
    }

    /**
     * Whether an action is allowed: no rule of any layer denies it and a rule of every layer allows it.
     *
     * @param resource its ARN
     * @param nowMs moment of the request, ms since epoch
     */
    boolean allows(ClusterAction action, CharSequence resource, long nowMs) {
        if (layers.isEmpty()) {
            return false;
        }
        boolean allowed = true;
        for (List<Rule> layer : layers) {
            boolean layerAllows = false;
            for (Rule rule : layer) {
                // After an allow of this layer only a deny can change the answer.
                if ((rule.allow() && layerAllows) || !rule.applies(action, resource, nowMs)) {
                    continue;
                }
                if (!rule.allow()) {
                    return false;
                }
                layerAllows = true;
            }
            allowed &= layerAllows;
        }
        return allowed;
    }

    /** Whether a condition on time may have turned since the second of a moment; moments are ms since epoch. */
    boolean turnedSince(long fromMs, LongSupplier millis) {
        if (moments.isEmpty()) {
            return false;
        }
        long from = Math.floorDiv(fromMs, 1000L);
        long to = Math.floorDiv(millis.getAsLong(), 1000L);
        for (int i = 0; from < to && i < moments.size(); i++) {
            long second = Math.floorDiv(moments.get(i), 1000L);
            if (from <= second && second <= to) {
                return true;
            }
        }
        return false;
    }
}
