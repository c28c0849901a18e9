package org.octopus.broker;

import java.util.List;

/**
 * A principal's effective rights: layers that must all agree (identity policies, boundary, a session's own).
 *
 * @param layers rules of each layer
 */
record Policy(List<List<Rule>> layers) {

    /**
     * Whether an action is allowed: no rule of any layer denies it and a rule of every layer allows it.
     *
     * @param nowMs moment of the request, ms since epoch
     */
    boolean allows(ClusterAction action, String resource, long nowMs) {
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
}
