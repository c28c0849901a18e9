package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenVerifierTest {

    private static final long WALL = Instant.parse("2026-11-22T05:00:00Z").toEpochMilli();
    private static final String TOKEN = Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(("https://kafka.us-east-1.amazonaws.com/?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F20261122"
                            + "&X-Amz-Date=20261122T045900Z&X-Amz-Expires=900")
                    .getBytes(StandardCharsets.US_ASCII));

    @TempDir
    Path folder;

    private static final String SIGNED_REQUEST = "{\"x-amz-credential\":\"AKIAABCDEFGHIJKLMNOP/20261122\","
            + "\"x-amz-date\":\"20261122T045900Z\",\"x-amz-expires\":\"900\"}";

    private final List<String> audited = new ArrayList<>();
    private JudgeDouble judge;
    private PolicyStore policies;
    private TokenVerifier verifier;
    private long now = 1;

    @BeforeEach
    void start() throws IOException {
        judge = new JudgeDouble();
        EnforcementSettings settings = judge.settings(folder);
        JudgeClient client = new JudgeClient(settings, new Counts());
        policies = new PolicyStore(client, () -> now);
        AuditLog audit = new AuditLog(() -> now, audited::add, new Counts());
        verifier = new TokenVerifier(settings, client, policies, audit, () -> now, () -> WALL);
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    @Test
    void allowedTokenBringsItsPolicy() {
        judge.reply(
                "/verify",
                "{'outcome':'allow','principal':'p','access_key_id':'A','kind':'iam-user','lifetime_ms':99,"
                        + "'policy':{'principal':'p','access_key_id':'A','version':'v','age_ms':0,'layers':[]}}");
        assertInstanceOf(Verdict.Allowed.class, verifier.verify("OAUTHBEARER", TOKEN));
        assertEquals("v", policies.of(new PolicyKey("p", "A")).version());
        assertTrue(audited.get(0).contains("\"outcome\":\"allow\""));
    }

    @Test
    void brokersNamesGoWithWhatIsSignedForThemAlone() {
        judge.reply("/verify", "{'outcome':'unknown','reason':'x'}");
        verifier.verify("AWS_MSK_IAM", SIGNED_REQUEST);
        assertTrue(judge.asked.get(0).contains("\"hosts\":[\"broker.example.org\"]"), judge.asked.get(0));
        verifier.verify("OAUTHBEARER", TOKEN);
        assertFalse(judge.asked.get(1).contains("hosts"), judge.asked.get(1));
    }

    @Test
    void deniedTokenIsRememberedForAMomentOnly() {
        judge.reply("/verify", "{'outcome':'deny','reason':'inactive key'}");
        for (int i = 0; i < 5; i++) {
            assertEquals(new Verdict.Denied("inactive key"), verifier.verify("OAUTHBEARER", TOKEN));
        }
        assertEquals(1, judge.asked.size());
        now += RecentDenials.LIFE.toNanos();
        verifier.verify("OAUTHBEARER", TOKEN);
        assertEquals(2, judge.asked.size());
        assertTrue(audited.get(0).contains("AKIAABCDEFGHIJKLMNOP"));
    }

    @Test
    void unknownIsNotRemembered() {
        judge.reply("/verify", "{'outcome':'unknown','reason':'no registry'}");
        verifier.verify("OAUTHBEARER", TOKEN);
        verifier.verify("OAUTHBEARER", TOKEN);
        assertEquals(2, judge.asked.size());
    }

    @Test
    void whatCannotBeATokenDoesNotReachTheJudge() {
        assertInstanceOf(Verdict.Denied.class, verifier.verify("OAUTHBEARER", "garbage"));
        assertEquals(List.of(), judge.asked);
    }

    @Test
    void onlySoManyTokensAreUnderJudgementAtOnce() throws Exception {
        whileOneIsUnderJudgement(
                () -> assertThrows(JudgeAwayException.class, () -> verifier.verify("OAUTHBEARER", TOKEN)));
        assertEquals(1, judge.asked.size());
    }

    /** Who waits hears of an interruption; so a refusal for another reason was given without a wait. */
    @Test
    void tokenBeyondThoseIsTurnedAwayWithoutAWait() throws Exception {
        whileOneIsUnderJudgement(() -> {
            Thread.currentThread().interrupt();
            try {
                JudgeAwayException refusal =
                        assertThrows(JudgeAwayException.class, () -> verifier.verify("OAUTHBEARER", TOKEN));
                assertEquals("too many tokens are under judgement", refusal.getMessage());
            } finally {
                Thread.interrupted();
            }
        });
    }

    private void whileOneIsUnderJudgement(Runnable check) throws Exception {
        judge.reply("/verify", "{'outcome':'unknown','reason':'x'}");
        judge.delayMs = 250;
        ExecutorService threads = Executors.newFixedThreadPool(1);
        try {
            Future<Verdict> first = threads.submit(() -> verifier.verify("OAUTHBEARER", TOKEN));
            while (judge.asked.isEmpty()) {
                Thread.onSpinWait();
            }
            check.run();
            first.get();
        } finally {
            threads.shutdownNow();
        }
    }
}
