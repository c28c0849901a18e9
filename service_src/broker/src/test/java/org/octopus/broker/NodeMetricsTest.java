package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.security.auth.callback.Callback;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node counts, read as a scraper reads it. */
class NodeMetricsTest {

    private static final FabricPrincipal USER =
            FabricPrincipal.user(new Identity("subject", "AKIA1", "iam-user", Identity.NEVER));
    private static final String SIGN_IN_REFUSED = "not a token";

    @TempDir
    Path folder;

    private JudgeDouble judge;
    private int port;
    private Map<String, Object> configs;
    private final IamAuthorizer authorizer = new IamAuthorizer();
    private final TokenValidator validator = new TokenValidator();

    @BeforeEach
    void start() throws IOException {
        judge = new JudgeDouble();
        port = MetricsPortTest.freePort();
        EnforcementSettings settings = judge.settings(folder);
        configs = Map.of(
                EnforcementSettings.JUDGE_URL, settings.judgeUrl().toString(),
                EnforcementSettings.JUDGE_SECRET_FILE, settings.judgeSecretFile().toString(),
                EnforcementSettings.CLUSTER_ARN, settings.clusterArn(),
                EnforcementSettings.JUDGE_TIMEOUT_MS, "5000",
                EnforcementSettings.METRICS_PORT, Integer.toString(port));
        validator.configure(configs, SaslMechanisms.AWS_MSK_IAM, List.of());
        authorizer.configure(configs);
    }

    @AfterEach
    void stop() {
        authorizer.close();
        validator.close();
        judge.close();
    }

    /** The catalogue of the fabric's metrics is held to the same file. */
    @Test
    void textIsThatOfTheFile() throws IOException {
        try (var file = getClass().getResourceAsStream("/metrics.txt")) {
            String expected = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(expected, MetricsText.of(new Counts(), 0));
        }
    }

    @Test
    void signInsAreCountedAndThoseRefused() throws Exception {
        validator.handle(new Callback[] {new MskIamCallback(SIGN_IN_REFUSED)});
        validator.handle(new Callback[] {new MskIamCallback(SIGN_IN_REFUSED)});
        Map<String, Long> metrics = metrics();
        assertEquals(2, metrics.get("octopus_broker_authentications_total"));
        assertEquals(2, metrics.get("octopus_broker_authentications_refused_total"));
        assertEquals(0, metrics.get("octopus_broker_decisions_total"));
    }

    @Test
    void decisionsAreCountedAndThoseRefused() throws Exception {
        mayDescribeWhatIsNamed("ns.a");
        decide("ns.a", true);
        decide("ns.b", true);
        Map<String, Long> metrics = metrics();
        assertEquals(2, metrics.get("octopus_broker_decisions_total"));
        assertEquals(1, metrics.get("octopus_broker_decisions_refused_total"));
        assertEquals(1, metrics.get("octopus_broker_policies_held"));
    }

    @Test
    void filtersOfListingsAreNotCounted() throws Exception {
        mayDescribeWhatIsNamed("ns.a");
        decide("ns.a", false);
        decide("ns.b", false);
        assertEquals(0, metrics().get("octopus_broker_decisions_total"));
    }

    @Test
    void questionsWithoutAnAnswerAreCounted() throws Exception {
        assertEquals(0, metrics().get("octopus_broker_judge_away_total"));
        judge.status = 500;
        decide("ns.a", true);
        assertTrue(metrics().get("octopus_broker_judge_away_total") >= 1);
    }

    @Test
    void decisionsThatCannotBeWrittenDownAreCounted() throws Exception {
        mayDescribeWhatIsNamed("*");
        for (int i = 0; i < AuditShares.SHARE + 3; i++) {
            decide("ns." + i, true);
        }
        assertEquals(3, metrics().get("octopus_broker_audit_lines_lost_total"));
    }

    @Test
    void portIsGivenBackWithTheLastUser() throws Exception {
        authorizer.close();
        assertEquals(200, MetricsPortTest.get(port, "/metrics").statusCode());
        validator.close();
        assertThrows(ConnectException.class, () -> MetricsPortTest.get(port, "/metrics"));
    }

    /** Or whoever may log in at the machine could keep a node from starting. */
    @Test
    void portOfSomebodyElseKeepsNoNodeFromItsWork() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                IamAuthorizer without = new IamAuthorizer()) {
            Map<String, Object> other = new HashMap<>(configs);
            other.put(EnforcementSettings.METRICS_PORT, Integer.toString(taken.getLocalPort()));
            without.configure(other);
            mayDescribeWhatIsNamed("ns.a");
            assertEquals(List.of(AuthorizationResult.ALLOWED), decide(without, "ns.a", true));
            assertEquals(List.of(AuthorizationResult.DENIED), decide(without, "ns.b", true));
        }
    }

    private void mayDescribeWhatIsNamed(String name) {
        judge.reply(
                "/policies",
                "{'policies':[{'principal':'subject','access_key_id':'AKIA1','version':'v','age_ms':0,'layers':[["
                        + rule("DescribeTopic", ":topic/octopus-test/u-1/" + name) + ","
                        + rule("Connect", ":cluster/octopus-test/u-1") + "]]}]}");
    }

    private static String rule(String action, String resource) {
        return "{'effect':'allow','actions':['kafka-cluster:" + action + "'],'resources':['*" + resource + "']}";
    }

    private void decide(String topic, boolean logged) {
        decide(authorizer, topic, logged);
    }

    private static List<AuthorizationResult> decide(IamAuthorizer authorizer, String topic, boolean logged) {
        ResourcePattern resource = new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL);
        return authorizer.authorize(
                new RequestDouble("CLIENT", USER, ApiKeys.METADATA.id),
                List.of(new Action(AclOperation.DESCRIBE, resource, 1, logged, logged)));
    }

    /** Each metric's value by its name. */
    private Map<String, Long> metrics() throws Exception {
        return MetricsPortTest.get(port, "/metrics").body()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(parts -> parts[0], parts -> Long.valueOf(parts[1])));
    }
}
