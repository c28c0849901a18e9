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
    private final AuditLog audit = new AuditLog(() -> now, lines::add, new Counts());

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
        flood(KEY, AuditShares.SHARE + 3);
        assertEquals(AuditShares.SHARE, lines.size());
        audit.flush();
        JsonNode line = new ObjectMapper().readTree(lines.get(AuditShares.SHARE));
        assertEquals("subject", line.path("principal").asText());
        assertEquals(3, line.path("dropped").asInt());
        audit.flush();
        assertEquals(AuditShares.SHARE + 1, lines.size());
    }

    @Test
    void floodOfOnePrincipalDropsNobodyElsesDecisions() {
        flood(KEY, 50_000);
        lines.clear();
        audit.record(new PolicyKey("other", "AKIA2"), READ, AuditLog.Outcome.DENY, "x");
        audit.record(new PolicyKey("", "AKIA3"), READ, AuditLog.Outcome.DENY, "x");
        assertEquals(2, lines.size());
    }

    @Test
    void newKeysBringNoNewShare() {
        for (int i = 0; i < AuditShares.SHARE + 3; i++) {
            audit.record(new PolicyKey("subject", "AKIA" + i), READ, AuditLog.Outcome.ALLOW, "");
        }
        assertEquals(AuditShares.SHARE, lines.size());
    }

    @Test
    void refusedTokensTakeNoRoomFromPrincipals() {
        for (int i = 0; i < 50_000; i++) {
            audit.record(new PolicyKey("", "AKIA" + i), READ, AuditLog.Outcome.DENY, "x");
        }
        assertEquals(AuditShares.NAMELESS, lines.size());
        lines.clear();
        fillAllShares();
        assertEquals(AuditShares.NAMED, lines.size());
    }

    @Test
    void allPrincipalsTogetherAreBounded() {
        fillAllShares();
        audit.record(KEY, READ, AuditLog.Outcome.ALLOW, "");
        assertEquals(AuditShares.NAMED, lines.size());
        audit.flush();
        assertTrue(lines.get(AuditShares.NAMED).contains("\"principal\":\"subject\",\"dropped\":1"));
    }

    @Test
    void forgottenLinesMakeRoom() {
        fillAllShares();
        now += AuditLog.WINDOW.toNanos();
        audit.flush();
        lines.clear();
        fillAllShares();
        assertEquals(AuditShares.NAMED, lines.size());
    }

    /** A group's id may be 32 KB long, and whoever asks chooses it. */
    @Test
    void longResourceIsShortenedWithAMark() throws IOException {
        String group = "g".repeat(30_000);
        ResourceArn arn = new ResourceArn("arn:group/", group);
        audit.record(KEY, new AuditLog.Subject("kafka-cluster:AlterGroup", arn), AuditLog.Outcome.DENY, "x");
        String written = new ObjectMapper().readTree(lines.get(0)).path("resource").asText();
        assertEquals("arn:group/" + "g".repeat(502) + "... and 29498 characters more", written);
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

    private void fillAllShares() {
        for (int i = 0; i < AuditShares.NAMED / AuditShares.SHARE; i++) {
            flood(new PolicyKey("subject-" + i, "AKIA1"), AuditShares.SHARE);
        }
    }

    private void flood(PolicyKey key, int topics) {
        for (int i = 0; i < topics; i++) {
            AuditLog.Subject made = new AuditLog.Subject("kafka-cluster:WriteData", "arn:topic/" + i);
            audit.record(key, made, AuditLog.Outcome.DENY, "x");
        }
    }
}
