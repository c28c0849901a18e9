package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectionGateTest {

    private static final String READ_A = "{'effect':'allow','actions':['kafka-cluster:ReadData'],'resources':['t/a']}";
    private static final String READ_B = "{'effect':'allow','actions':['kafka-cluster:ReadData'],'resources':['t/b']}";
    private static final Identity CALLER = new Identity("subject", "AKIA1", "iam-user", Identity.NEVER);

    @TempDir
    Path folder;

    private final List<String> audited = new ArrayList<>();
    private JudgeDouble judge;
    private PolicyStore policies;
    private ConnectionGate gate;
    private long now = 1_000_000_000L;
    private long millis = 1_700_000_000_000L;

    @BeforeEach
    void start() throws IOException {
        judge = new JudgeDouble();
        policies = new PolicyStore(new JudgeClient(judge.settings(folder), new Counts()), () -> now);
        AuditLog audit = new AuditLog(() -> now, audited::add, new Counts());
        gate = new ConnectionGate(policies, audit, JudgeDouble.CLUSTER_ARN, () -> now, () -> millis);
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    @Test
    void beforeAnybodyIsAuthenticatedEverythingPasses() {
        assertTrue(gate.letsPass());
    }

    @Test
    void whatWasAllowedIsHeldBackOnceRightsAreNarrowed() {
        hold(CALLER, "v1", READ_A + "," + READ_B);
        gate.requestArrived(CALLER);
        pass(Duration.ofSeconds(1));
        assertTrue(gate.letsPass());
        hold(CALLER, "v2", READ_A);
        assertFalse(gate.letsPass());
        assertTrue(audited.get(0).contains("its rights were narrowed while an answer waited"), audited.get(0));
        assertTrue(audited.get(0).contains("\"access_key_id\":\"AKIA1\""), audited.get(0));
    }

    @Test
    void requestThatArrivesAfterwardsIsAnswered() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        pass(Duration.ofSeconds(1));
        hold(CALLER, "v2", READ_B);
        gate.requestArrived(CALLER);
        assertTrue(gate.letsPass());
        assertEquals(List.of(), audited);
    }

    @Test
    void wideningHoldsNothingBack() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        pass(Duration.ofSeconds(1));
        hold(CALLER, "v2", READ_A + "," + READ_B);
        assertTrue(gate.letsPass());
    }

    @Test
    void deniedKeyHoldsBackEvenWhenItIsAllowedAgain() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        pass(Duration.ofSeconds(1));
        policies.take(new PolicyReply.Denied(CALLER.policyKey(), "inactive"), now);
        assertFalse(gate.letsPass());
        pass(Duration.ofSeconds(1));
        hold(CALLER, "v1", READ_A);
        assertFalse(gate.letsPass());
    }

    @Test
    void requestsOfADeniedKeyAreAnsweredWithTheirRefusals() {
        hold(CALLER, "v1", READ_A);
        policies.take(new PolicyReply.Denied(CALLER.policyKey(), "inactive"), now);
        pass(Duration.ofSeconds(1));
        gate.requestArrived(CALLER);
        policies.take(new PolicyReply.Denied(CALLER.policyKey(), "inactive"), now + 1);
        pass(Duration.ofSeconds(1));
        assertTrue(gate.letsPass());
    }

    @Test
    void policyThatBecameTooOldHoldsBackUntilItIsReadAgain() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        pass(PolicyStore.MAX_AGE.minusNanos(1));
        assertTrue(gate.letsPass());
        pass(Duration.ofNanos(1));
        assertFalse(gate.letsPass());
        policies.take(new PolicyReply.Unchanged(CALLER.policyKey(), "v1", 0), now);
        assertTrue(gate.letsPass());
    }

    @Test
    void requestThatArrivesUnderATooOldPolicyIsAnsweredWithItsRefusal() {
        hold(CALLER, "v1", READ_A);
        pass(PolicyStore.MAX_AGE);
        gate.requestArrived(CALLER);
        assertTrue(gate.letsPass());
    }

    @Test
    void sessionThatEndsHoldsBackWhatItAskedForBefore() {
        Identity session = new Identity("subject", "ASIA1", "session", millis + 10_000);
        hold(session, "v1", READ_A);
        gate.requestArrived(session);
        pass(Duration.ofMillis(9_999));
        assertTrue(gate.letsPass());
        pass(Duration.ofMillis(1));
        assertFalse(gate.letsPass());
        gate.requestArrived(session);
        assertTrue(gate.letsPass());
    }

    @Test
    void conditionThatTurnsWhileARequestWaitsHoldsItBack() {
        String until = READ_A.replace("]}", "],'conditions':[{'operator':'DateLessThan','key':'aws:CurrentTime',"
                + "'epoch_ms':[" + (millis + 10_000) + "]}]}");
        hold(CALLER, "v1", until);
        gate.requestArrived(CALLER);
        pass(Duration.ofMillis(9_999));
        assertTrue(gate.letsPass());
        pass(Duration.ofMillis(1));
        assertFalse(gate.letsPass());
    }

    @Test
    void whoIsNoLongerRefreshedIsHeldBackAndHisNextRequestIsNot() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        pass(PolicyStore.IN_USE);
        policies.versionsInUse();
        assertFalse(gate.letsPass());
        gate.requestArrived(CALLER);
        assertTrue(gate.letsPass());
    }

    @Test
    void requestsKeepTheirCallerInUse() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        pass(Duration.ofSeconds(40));
        gate.requestArrived(CALLER);
        pass(Duration.ofSeconds(40));
        assertEquals(Map.of(CALLER.policyKey(), "v1"), policies.versionsInUse());
    }

    @Test
    void slowReaderOfALongAnswerStaysInUseAsLongAsItGoesOut() {
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        for (int i = 0; i < 4; i++) {
            pass(Duration.ofSeconds(40));
            policies.take(new PolicyReply.Unchanged(CALLER.policyKey(), "v1", 0), now);
            assertTrue(gate.letsPass());
            assertEquals(Map.of(CALLER.policyKey(), "v1"), policies.versionsInUse());
        }
        hold(CALLER, "v2", READ_B);
        assertFalse(gate.letsPass());
    }

    @Test
    void otherKeyOfTheSamePrincipalIsUntouched() {
        Identity other = new Identity("subject", "AKIA2", "iam-user", Identity.NEVER);
        hold(CALLER, "v1", READ_A);
        hold(other, "v1", READ_A);
        gate.requestArrived(other);
        pass(Duration.ofSeconds(1));
        policies.take(new PolicyReply.Denied(CALLER.policyKey(), "inactive"), now);
        assertTrue(gate.letsPass());
    }

    /** Every 16 KB that leave a broker come by here. */
    @Test
    void passingMakesNoGarbage() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        hold(CALLER, "v1", READ_A);
        gate.requestArrived(CALLER);
        long thread = Thread.currentThread().getId();
        passOften();
        long before = threads.getThreadAllocatedBytes(thread);
        passOften();
        assertTrue(threads.getThreadAllocatedBytes(thread) - before < 10_000);
    }

    private void passOften() {
        for (int i = 0; i < 10_000; i++) {
            gate.requestArrived(CALLER);
            assertTrue(gate.letsPass());
        }
    }

    private void hold(Identity caller, String version, String rules) {
        try {
            Policy policy = PolicyReader.read(new ObjectMapper().readTree("[[" + rules.replace('\'', '"') + "]]"));
            policies.takeVerified(new PolicyReply.Rules(caller.policyKey(), version, 0, policy), now);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private void pass(Duration time) {
        now += time.toNanos();
        millis += time.toMillis();
    }
}
