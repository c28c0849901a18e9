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
    boolean applies(ClusterAction action, CharSequence resource, long nowMs) {
        return actions.contains(action) && coversResource(resource) && conditionsHold(nowMs);
    }

    private boolean coversResource(CharSequence resource) {
        for (int i = 0; i < resources.size(); i++) {
            if (resources.get(i).matches(resource)) {
                return !resourcesExcepted;
            }
        }
        return resourcesExcepted;
    }

    private boolean conditionsHold(long nowMs) {
        for (int i = 0; i < conditions.size(); i++) {
            TimeCondition condition = conditions.get(i);
            // What cannot be decided must not open a door: no allow from it, and a deny in spite of it.
            boolean holds = condition.decidable() ? condition.holds(nowMs) : !allow;
            if (!holds) {
                return false;
            }
        }
        return true;
    }
}
