package org.octopus.broker;

import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/**
 * Says who a token is, and waits for nothing but the judge's own answer: a network thread of Kafka is blocked
 * meanwhile, and there are few. So what cannot be a token, and what was denied a moment ago, is denied here; and only
 * so many tokens are under judgement at once that a thread is left over, which no queue of further ones may block.
 */
final class TokenVerifier {

    private final JudgeClient judge;
    private final PolicyStore policies;
    private final AuditLog audit;
    private final String clusterArn;
    private final List<String> brokerHosts;
    private final Semaphore outstanding;
    private final RecentDenials denials;
    private final LongSupplier nanos;
    private final LongSupplier millis;

    TokenVerifier(
            EnforcementSettings settings,
            JudgeClient judge,
            PolicyStore policies,
            AuditLog audit,
            LongSupplier nanos,
            LongSupplier millis) {
        this.judge = judge;
        this.policies = policies;
        this.audit = audit;
        this.clusterArn = settings.clusterArn();
        this.brokerHosts = settings.brokerHosts();
        this.outstanding = new Semaphore(settings.outstandingVerifies());
        this.denials = new RecentDenials(nanos);
        this.nanos = nanos;
        this.millis = millis;
    }

    /**
     * The verdict on a token; when it is allowed, its policy is held from then on.
     *
     * @throws JudgeAwayException when nobody can tell now, or too many are asking: the client is to try again
     */
    Verdict verify(String mechanism, String token) {
        TokenShape shape = TokenShape.of(mechanism, token, millis.getAsLong());
        if (shape.refused()) {
            return denied(shape, shape.refusal());
        }
        String reason = denials.reason(token);
        if (reason != null) {
            return denied(shape, reason);
        }
        Verdict verdict = ask(mechanism, token);
        if (verdict instanceof Verdict.Denied denied) {
            denials.add(token, denied.reason());
            return denied(shape, denied.reason());
        }
        if (verdict instanceof Verdict.Allowed allowed) {
            audit.record(allowed.identity().policyKey(), connect(), AuditLog.Outcome.ALLOW, "");
        }
        return verdict;
    }

    private Verdict ask(String mechanism, String token) {
        if (!outstanding.tryAcquire()) {
            throw new JudgeAwayException("too many tokens are under judgement");
        }
        try {
            long asked = nanos.getAsLong();
            // An OAUTHBEARER token is signed for a host of AWS's in its region; the other for the broker itself.
            List<String> hosts = mechanism.equals(SaslMechanisms.AWS_MSK_IAM) ? brokerHosts : List.of();
            Verdict verdict = judge.verify(mechanism, token, hosts);
            if (verdict instanceof Verdict.Allowed allowed) {
                policies.takeVerified(allowed.policy(), asked);
            }
            return verdict;
        } finally {
            outstanding.release();
        }
    }

    private Verdict denied(TokenShape shape, String reason) {
        // Nobody has proved to be anybody: the principal stays empty, and the key is what the token claims.
        audit.record(new PolicyKey("", shape.claimedKeyId()), connect(), AuditLog.Outcome.DENY, reason);
        return new Verdict.Denied(reason);
    }

    private AuditLog.Subject connect() {
        return new AuditLog.Subject(ClusterAction.CONNECT.text(), clusterArn);
    }
}
