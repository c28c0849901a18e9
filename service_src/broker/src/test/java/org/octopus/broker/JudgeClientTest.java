package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JudgeClientTest {

    private static final String ALLOW = "{'outcome':'allow','principal':'p','access_key_id':'AKIA1',"
            + "'kind':'iam-user','lifetime_ms':99,'session_expires_ms':null,'policy':"
            + "{'principal':'p','access_key_id':'AKIA1','version':'v','age_ms':7,'layers':[[]]}}";

    @TempDir
    Path folder;

    private JudgeDouble judge;
    private JudgeClient client;

    @BeforeEach
    void start() throws IOException {
        judge = new JudgeDouble();
        client = new JudgeClient(judge.settings(folder), new Counts());
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    @Test
    void allowNamesTheIdentityAndItsPolicy() {
        judge.reply("/verify", ALLOW);
        Verdict.Allowed allowed = assertInstanceOf(Verdict.Allowed.class, client.verify("OAUTHBEARER", "t", List.of()));
        assertEquals(new Identity("p", "AKIA1", "iam-user", Identity.NEVER), allowed.identity());
        assertEquals(99, allowed.lifetimeMs());
        assertEquals(7, allowed.policy().ageMs());
        assertEquals("{\"mechanism\":\"OAUTHBEARER\",\"token\":\"t\"}", judge.asked.get(0));
        assertEquals("Bearer " + JudgeDouble.SECRET, judge.authorizations.get(0));
    }

    @Test
    void namesThatMayBeSignedForGoWithTheToken() {
        judge.reply("/verify", ALLOW);
        client.verify("AWS_MSK_IAM", "t", List.of("a", "b"));
        assertEquals(
                "{\"mechanism\":\"AWS_MSK_IAM\",\"token\":\"t\",\"hosts\":[\"a\",\"b\"]}", judge.asked.get(0));
    }

    @Test
    void endOfASessionIsPartOfTheIdentity() {
        judge.reply("/verify", ALLOW.replace("'session_expires_ms':null", "'session_expires_ms':123"));
        Verdict.Allowed allowed = assertInstanceOf(Verdict.Allowed.class, client.verify("OAUTHBEARER", "t", List.of()));
        assertEquals(123, allowed.identity().sessionExpiresMs());
    }

    @Test
    void denyAndUnknownCarryTheirReason() {
        judge.reply("/verify", "{'outcome':'deny','reason':'bad signature'}");
        assertEquals(new Verdict.Denied("bad signature"), client.verify("OAUTHBEARER", "t", List.of()));
        judge.reply("/verify", "{'outcome':'unknown','reason':'no registry'}");
        assertEquals(new Verdict.Unknown("no registry"), client.verify("OAUTHBEARER", "t", List.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "not json",
                "{'outcome':'allow'}",
                "{'outcome':'allow','principal':'p','access_key_id':'AKIA1','kind':'iam-user','lifetime_ms':99}",
                "{'outcome':'allow','principal':'p','access_key_id':'AKIA1','kind':'iam-user','lifetime_ms':99,"
                        + "'policy':{'principal':'other','access_key_id':'AKIA1','version':'v','age_ms':7,"
                        + "'layers':[[]]}}",
                "{'outcome':'allow','principal':'p','access_key_id':'AKIA1','kind':'iam-user','lifetime_ms':99,"
                        + "'policy':{'principal':'p','access_key_id':'AKIA1','version':'v','age_ms':-1,"
                        + "'layers':[[]]}}",
            })
    void verdictThatIsNotAsAgreedIsNone(String reply) {
        judge.reply("/verify", reply);
        assertThrows(JudgeAwayException.class, () -> client.verify("OAUTHBEARER", "t", List.of()));
    }

    @Test
    void judgeThatDoesNotAnswerInTimeIsAway() throws IOException {
        judge.delayMs = 60_000;
        JudgeClient hurried = new JudgeClient(judge.settings(folder, Duration.ofMillis(50)), new Counts());
        assertThrows(JudgeAwayException.class, () -> hurried.verify("OAUTHBEARER", "t", List.of()));
    }

    @Test
    void wrongSecretIsNoVerdict() {
        judge.status = 401;
        assertThrows(JudgeAwayException.class, () -> client.verify("OAUTHBEARER", "t", List.of()));
    }

    @Test
    void tokenIsNoPartOfWhatIsThrown() {
        judge.status = 500;
        JudgeAwayException thrown =
                assertThrows(JudgeAwayException.class, () -> client.verify("OAUTHBEARER", "the-token", List.of()));
        assertFalse((thrown + "" + thrown.getCause()).contains("the-token"));
        assertFalse((thrown + "" + thrown.getCause()).contains(JudgeDouble.SECRET));
    }

    @Test
    void afterSeveralFailuresNobodyWaitsForAnother() {
        judge.status = 500;
        for (int i = 0; i < 3; i++) {
            assertThrows(JudgeAwayException.class, () -> client.verify("OAUTHBEARER", "t", List.of()));
        }
        assertThrows(JudgeAwayException.class, () -> client.verify("OAUTHBEARER", "t", List.of()));
        assertEquals(3, judge.asked.size());
        // The refresh still asks; its success ends the pause for all.
        judge.status = 200;
        judge.reply("/policies", "{'policies':[]}");
        client.policies(Map.of(new PolicyKey("p", "AKIA1"), ""));
        judge.reply("/verify", ALLOW);
        assertInstanceOf(Verdict.Allowed.class, client.verify("OAUTHBEARER", "t", List.of()));
    }

    @Test
    void policiesOfEveryKindAreRead() {
        judge.reply(
                "/policies",
                "{'policies':["
                        + "{'principal':'a','access_key_id':'A','version':'v2','age_ms':3,'layers':[]},"
                        + "{'principal':'b','access_key_id':'B','version':'v1','unchanged':true,'age_ms':4},"
                        + "{'principal':'c','access_key_id':'C','outcome':'deny','reason':'inactive'},"
                        + "{'principal':'d','access_key_id':'D','outcome':'unknown','reason':'no registry'},"
                        + "{'principal':'e','access_key_id':'E','version':'v','age_ms':1,'layers':'unreadable'}]}");
        List<PolicyReply> replies = client.policies(Map.of(new PolicyKey("a", "A"), "v1"));
        assertEquals(
                List.of(
                        new PolicyReply.Rules(new PolicyKey("a", "A"), "v2", 3, new Policy(List.of())),
                        new PolicyReply.Unchanged(new PolicyKey("b", "B"), "v1", 4),
                        new PolicyReply.Denied(new PolicyKey("c", "C"), "inactive"),
                        new PolicyReply.Unknown(new PolicyKey("d", "D"), "no registry")),
                replies);
        assertEquals(
                "{\"principals\":[{\"principal\":\"a\",\"access_key_id\":\"A\",\"version\":\"v1\"}]}",
                judge.asked.get(0));
    }

    @Test
    void secretThatIsNotThereEndsTheStart() throws IOException {
        EnforcementSettings settings = judge.settings(folder);
        Files.writeString(settings.judgeSecretFile(), " \n");
        assertThrows(ConfigException.class, () -> new JudgeClient(settings, new Counts()));
        Files.delete(settings.judgeSecretFile());
        assertThrows(ConfigException.class, () -> new JudgeClient(settings, new Counts()));
    }
}
