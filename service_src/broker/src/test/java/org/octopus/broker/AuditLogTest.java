package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AuditLogTest {

    private static final PolicyKey KEY = new PolicyKey("subject", "AKIA1");
    private static final AuditLog.Subject READ = new AuditLog.Subject("kafka-cluster:ReadData", "arn:topic/a");

    private final List<String> lines = new ArrayList<>();
    private long now = 5;
    private final AuditLog audit = new AuditLog(() -> now, lines::add);

    @Test
    void firstDecisionIsWrittenAtOnce() throws IOException {
        audit.record(KEY, READ, AuditLog.Outcome.DENY, "no policy allows it");
        JsonNode line = new ObjectMapper().readTree(lines.get(0));
        assertEquals("subject", line.path("principal").asText());
        assertEquals("AKIA1", line.path("access_key_id").asText());
        assertEquals("kafka-cluster:ReadData", line.path("action").asText());
        assertEquals("arn:topic/a", line.path("resource").asText());
        assertEquals("deny", line.path("outcome").asText());
        assertEquals("no policy allows it", line.path("reason").asText());
        assertEquals(1, line.path("count").asInt());
        assertTrue(line.path("time").asText().endsWith("Z"));
    }

    @Test
    void repetitionsOfAMinuteAreOneLineWithTheirCount() throws IOException {
        for (int i = 0; i < 10; i++) {
            audit.record(KEY, READ, AuditLog.Outcome.ALLOW, "");
        }
        audit.flush();
        assertEquals(1, lines.size());
        now += AuditLog.WINDOW.toNanos();
        audit.flush();
        assertEquals(2, lines.size());
        assertEquals(9, new ObjectMapper().readTree(lines.get(1)).path("count").asInt());
    }

    @Test
    void outcomesKeysAndResourcesAreTold() {
        audit.record(KEY, READ, AuditLog.Outcome.ALLOW, "");
        audit.record(KEY, READ, AuditLog.Outcome.DENY, "x");
        audit.record(new PolicyKey("subject", "AKIA2"), READ, AuditLog.Outcome.ALLOW, "");
        audit.record(KEY, new AuditLog.Subject("kafka-cluster:ReadData", "b"), AuditLog.Outcome.ALLOW, "");
        assertEquals(4, lines.size());
    }

    @Test
    void whatDoesNotFitIsCounted() throws IOException {
        for (int i = 0; i < AuditLog.MOST + 3; i++) {
            audit.record(new PolicyKey("subject", "AKIA" + i), READ, AuditLog.Outcome.ALLOW, "");
        }
        assertEquals(AuditLog.MOST, lines.size());
        audit.flush();
        assertEquals(3, new ObjectMapper().readTree(lines.get(AuditLog.MOST)).path("dropped").asInt());
    }

    @Test
    void forgottenLinesMakeRoom() {
        for (int i = 0; i < AuditLog.MOST; i++) {
            audit.record(new PolicyKey("subject", "AKIA" + i), READ, AuditLog.Outcome.ALLOW, "");
        }
        now += AuditLog.WINDOW.toNanos();
        audit.flush();
        audit.record(KEY, READ, AuditLog.Outcome.ALLOW, "");
        assertEquals(AuditLog.MOST + 1, lines.size());
    }

    @Test
    void lastCountsAreWrittenAtTheEnd() {
        audit.record(KEY, READ, AuditLog.Outcome.ALLOW, "");
        audit.record(KEY, READ, AuditLog.Outcome.ALLOW, "");
        audit.close();
        assertEquals(2, lines.size());
    }

    @Test
    void resourceCannotForgeALine() {
        AuditLog.Subject forged = new AuditLog.Subject("kafka-cluster:AlterGroup", "g\"}\n{\"outcome\":\"allow");
        audit.record(KEY, forged, AuditLog.Outcome.DENY, "x");
        assertEquals(1, lines.get(0).lines().count());
    }
}
