package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyStoreTest {

    private static final PolicyKey KEY = new PolicyKey("p", "AKIA1");
    private static final Policy POLICY = new Policy(List.of());

    @TempDir
    Path folder;

    private JudgeDouble judge;
    private PolicyStore store;
    private volatile long now = 1_000_000_000L;

    @BeforeEach
    void start() throws IOException {
        judge = new JudgeDouble();
        store = new PolicyStore(new JudgeClient(judge.settings(folder), new Counts()), () -> now);
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    @Test
    void ageCountsFromTheReadingAndNotFromTheReply() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v", 20_000, POLICY), now);
        now += Duration.ofSeconds(29).toNanos();
        assertFalse(store.of(KEY).stale(now));
        judge.status = 500;
        now += Duration.ofSeconds(1).toNanos();
        assertTrue(store.of(KEY).stale(now));
    }

    @Test
    void unchangedPolicyIsYoungAgain() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v", 0, POLICY), now);
        now += Duration.ofSeconds(49).toNanos();
        store.take(new PolicyReply.Unchanged(KEY, "v", 0), now);
        now += Duration.ofSeconds(49).toNanos();
        assertFalse(store.of(KEY).stale(now));
        assertSame(POLICY, store.of(KEY).policy());
    }

    @Test
    void unchangedOfAnotherVersionIsNoConfirmation() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v", 0, POLICY), now);
        judge.status = 500;
        now += Duration.ofSeconds(50).toNanos();
        store.take(new PolicyReply.Unchanged(KEY, "other", 0), now);
        assertTrue(store.of(KEY).stale(now));
    }

    @Test
    void answerToAnEarlierQuestionDoesNotUndoALaterOne() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v1", 0, POLICY), now);
        store.take(new PolicyReply.Denied(KEY, "inactive"), now + 2);
        store.take(new PolicyReply.Rules(KEY, "v1", 0, POLICY), now + 1);
        assertTrue(store.of(KEY).denied());
    }

    @Test
    void judgeThatReadEarlierDoesNotUndoWhatAnotherFoundLater() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v2", 0, POLICY), now);
        now += Duration.ofSeconds(1).toNanos();
        store.take(new PolicyReply.Rules(KEY, "v1", 2_001, POLICY), now);
        assertEquals("v2", store.of(KEY).version());
        // It has read again: within a second the ages do not tell which was first, and the later question counts.
        store.take(new PolicyReply.Rules(KEY, "v3", 2_000, POLICY), now);
        assertEquals("v3", store.of(KEY).version());
    }

    @Test
    void denialAndItsEndCountWhateverTheAge() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v", 0, POLICY), now);
        store.take(new PolicyReply.Denied(KEY, "inactive"), now);
        assertTrue(store.of(KEY).denied());
        store.take(new PolicyReply.Rules(KEY, "v", 20_000, POLICY), now);
        assertFalse(store.of(KEY).denied());
    }

    @Test
    void unknownLeavesWhatIsHeldToAge() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v", 0, POLICY), now);
        now += Duration.ofSeconds(50).toNanos();
        store.take(new PolicyReply.Unknown(KEY, "no registry"), now);
        assertTrue(store.of(KEY).stale(now));
    }

    @Test
    void principalThatIsNotHeldIsAskedForOnceByManyRequests() throws Exception {
        judge.reply(
                "/policies",
                "{'policies':[{'principal':'p','access_key_id':'AKIA1','version':'v','age_ms':0,'layers':[]}]}");
        judge.delayMs = 50;
        ExecutorService requests = Executors.newFixedThreadPool(8);
        try {
            List<Future<HeldPolicy>> held = IntStream.range(0, 8)
                    .mapToObj(i -> requests.submit(() -> store.of(KEY)))
                    .toList();
            for (Future<HeldPolicy> policy : held) {
                assertEquals("v", policy.get().version());
            }
        } finally {
            requests.shutdownNow();
        }
        assertEquals(1, judge.asked.size());
    }

    @Test
    void judgeThatCannotTellIsNotAskedByEveryRequest() {
        judge.reply(
                "/policies",
                "{'policies':[{'principal':'p','access_key_id':'AKIA1','outcome':'unknown','reason':'x'}]}");
        assertNull(store.of(KEY));
        assertNull(store.of(KEY));
        assertEquals(1, judge.asked.size());
        now += PolicyStore.PAUSE.toNanos();
        assertNull(store.of(KEY));
        assertEquals(2, judge.asked.size());
    }

    @Test
    void principalOutOfUseIsDropped() {
        store.takeVerified(new PolicyReply.Rules(KEY, "v", 0, POLICY), now);
        assertEquals(Map.of(KEY, "v"), store.versionsInUse());
        now += PolicyStore.IN_USE.toNanos();
        assertEquals(Map.of(), store.versionsInUse());
    }

    @Test
    void refreshBringsNewRules() throws IOException {
        JudgeClient client = new JudgeClient(judge.settings(folder), new Counts());
        store.takeVerified(new PolicyReply.Rules(KEY, "v1", 0, POLICY), now);
        judge.reply(
                "/policies",
                "{'policies':[{'principal':'p','access_key_id':'AKIA1','version':'v2','age_ms':0,'layers':[]}]}");
        new PolicyRefresh(client, store, () -> now).run();
        assertEquals("v2", store.of(KEY).version());
    }
}
