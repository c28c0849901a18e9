package org.octopus.broker;

import java.util.function.LongSupplier;

/**
 * Lets out of one connection what its caller may still have. Kafka authorises a request once, and may answer it much
 * later: a fetch waits for records as long as its client likes. So each request's arrival is noted, and what answers it
 * is held back when its caller's rights have become less since. Requests that arrive afterwards are decided by the new
 * rights, and their answers pass.
 *
 * <p>The network thread of the connection alone uses it, for every 16 KB that leave: it takes no lock and makes nothing.
 */
final class ConnectionGate {

    private final PolicyStore policies;
    private final AuditLog audit;
    private final AuditLog.Subject connection;
    private final LongSupplier nanos;
    private final LongSupplier millis;

    private Identity caller;
    private Standing standing;
    private long arrivedNanos;
    private long arrivedMs;

    ConnectionGate(
            PolicyStore policies, AuditLog audit, String clusterArn, LongSupplier nanos, LongSupplier millis) {
        this.policies = policies;
        this.audit = audit;
        this.connection = new AuditLog.Subject(ClusterAction.CONNECT.text(), clusterArn);
        this.nanos = nanos;
        this.millis = millis;
    }

    /** Notes a request, and who sent it; before the first, nobody is authenticated and everything passes. */
    void requestArrived(Identity sender) {
        if (sender != caller || standing == null || !standing.use()) {
            caller = sender;
            standing = policies.standing(sender.policyKey());
        }
        arrivedNanos = nanos.getAsLong();
        arrivedMs = millis.getAsLong();
    }

    /** Whether what answers the last request may leave; when not, the refusal is audited. */
    boolean letsPass() {
        if (caller == null) {
            return true;
        }
        String refusal = refusal();
        if (refusal == null) {
            // A long answer to a slow reader is use, too: without it nobody would ask for its rights after a while.
            standing.use();
            return true;
        }
        String reason = "the connection was closed: " + refusal + " while an answer waited";
        audit.record(caller.policyKey(), connection, AuditLog.Outcome.DENY, reason);
        return false;
    }

    private String refusal() {
        if (standing == null) {
            return "its rights could not be held";
        }
        long expiresMs = caller.sessionExpiresMs();
        if (expiresMs != Identity.NEVER && arrivedMs < expiresMs && expiresMs <= millis.getAsLong()) {
            return "its session expired";
        }
        return standing.refusal(arrivedNanos, arrivedMs, millis);
    }
}
