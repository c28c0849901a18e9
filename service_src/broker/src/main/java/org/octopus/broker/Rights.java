package org.octopus.broker;

/**
 * What one caller may do at one moment.
 *
 * @param key who it is
 * @param policy the rules; null when there are no rights at all
 * @param nowMs the moment, ms since epoch
 * @param noneBecause why there are no rights at all
 */
record Rights(PolicyKey key, Policy policy, long nowMs, String noneBecause) {

    static Rights none(PolicyKey key, String because) {
        return new Rights(key, null, 0, because);
    }

    /** Why an operation is refused; empty when it is allowed, with Connect and all its prerequisites. */
    String refusal(OperationTable.Row row, String resource, String clusterArn) {
        if (policy == null) {
            return noneBecause;
        }
        if (!policy.allows(row.action(), resource, nowMs)) {
            return "no policy allows it";
        }
        for (ClusterAction needed : row.alsoNeeds()) {
            if (!policy.allows(needed, resource, nowMs)) {
                return "no policy allows " + needed.text() + ", which it needs too";
            }
        }
        if (!policy.allows(ClusterAction.CONNECT, clusterArn, nowMs)) {
            return "no policy allows " + ClusterAction.CONNECT.text() + " on the cluster, which it needs too";
        }
        return "";
    }
}
