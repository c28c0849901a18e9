package org.octopus.broker;

/**
 * What one caller may do at one moment.
 *
 * @param key who it is
 * @param policy the rules; null when there are no rights at all
 * @param nowMs the moment, ms since epoch
 * @param mayConnect whether Connect on the cluster is allowed, which everything needs
 * @param noneBecause why there are no rights at all
 */
record Rights(PolicyKey key, Policy policy, long nowMs, boolean mayConnect, String noneBecause) {

    static Rights none(PolicyKey key, String because) {
        return new Rights(key, null, 0, false, because);
    }

    static Rights of(PolicyKey key, Policy policy, long nowMs, ResourceArn cluster) {
        return new Rights(key, policy, nowMs, policy.allows(ClusterAction.CONNECT, cluster, nowMs), "");
    }

    /** Whether an operation is allowed, with Connect and all its prerequisites. */
    boolean allow(OperationTable.Row row, ResourceArn resource) {
        return !row.denied() && policy != null && mayConnect && missing(row, resource) == null;
    }

    /** Why it is not. */
    String refusal(OperationTable.Row row, ResourceArn resource) {
        if (row.denied()) {
            return "nobody but the cluster itself may do this";
        }
        if (policy == null) {
            return noneBecause;
        }
        ClusterAction missing = missing(row, resource);
        if (missing == null) {
            return "no policy allows " + ClusterAction.CONNECT.text() + " on the cluster, which it needs too";
        }
        return missing == row.action()
                ? "no policy allows it"
                : "no policy allows " + missing.text() + ", which it needs too";
    }

    /** The first action that is needed on the resource and not allowed; null when all are. */
    private ClusterAction missing(OperationTable.Row row, ResourceArn resource) {
        if (!policy.allows(row.action(), resource, nowMs)) {
            return row.action();
        }
        for (int i = 0; i < row.alsoNeeds().size(); i++) {
            ClusterAction needed = row.alsoNeeds().get(i);
            if (!policy.allows(needed, resource, nowMs)) {
                return needed;
            }
        }
        return null;
    }
}
