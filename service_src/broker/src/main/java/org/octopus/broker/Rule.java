package org.octopus.broker;

import java.util.List;
import java.util.Set;

/**
 * One statement of a normalised policy.
 *
 * @param allow whether it allows or denies
 * @param actions every action it speaks of, found once when the policy is read
 * @param resources patterns of resource ARNs
 * @param resourcesExcepted true when it speaks of every resource but those ({@code NotResource})
 * @param conditions all of which must hold
 */
record Rule(
        boolean allow,
        Set<ClusterAction> actions,
        List<WildcardPattern> resources,
        boolean resourcesExcepted,
        List<TimeCondition> conditions) {

    /** Whether the rule speaks of this action on this resource at this moment (ms since epoch). */
    boolean applies(ClusterAction action, String resource, long nowMs) {
        return actions.contains(action) && coversResource(resource) && conditionsHold(nowMs);
    }

    private boolean coversResource(String resource) {
        for (WildcardPattern pattern : resources) {
            if (pattern.matches(resource)) {
                return !resourcesExcepted;
            }
        }
        return resourcesExcepted;
    }

    private boolean conditionsHold(long nowMs) {
        for (TimeCondition condition : conditions) {
            // What cannot be decided must not open a door: no allow from it, and a deny in spite of it.
            boolean holds = condition.decidable() ? condition.holds(nowMs) : !allow;
            if (!holds) {
                return false;
            }
        }
        return true;
    }
}
