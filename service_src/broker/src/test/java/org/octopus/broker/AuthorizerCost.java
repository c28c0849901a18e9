package org.octopus.broker;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;

/**
 * What the authorizer costs, for benchmarks to run: median ns of processor time of a decision, and median µs of a
 * Metadata for all of 2,000 topics, as one line of JSON. The policy is a tenant's: a namespace, ten shared topics, a boundary.
 */
public final class AuthorizerCost {

    private static final int ROUNDS = 15;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final String ARN = "arn:aws:kafka:us-east-1:000000000000:%s/octopus-test/u-1";
    private static final FabricPrincipal KNOWN =
            FabricPrincipal.user(new Identity("subject", "AKIA1", "iam-user", Identity.NEVER));
    private static final FabricPrincipal UNKNOWN =
            FabricPrincipal.user(new Identity("nobody", "AKIA2", "iam-user", Identity.NEVER));

    private AuthorizerCost() {}

    /** Measures and prints. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory("authorizer-cost");
        try (JudgeDouble judge = new JudgeDouble();
                IamAuthorizer authorizer = new IamAuthorizer()) {
            judge.reply("/policies", "{'policies':[" + policy() + ","
                    + "{'principal':'nobody','access_key_id':'AKIA2','outcome':'unknown','reason':'x'}]}");
            EnforcementSettings settings = judge.settings(folder);
            authorizer.configure(Map.of(
                    EnforcementSettings.JUDGE_URL, settings.judgeUrl().toString(),
                    EnforcementSettings.JUDGE_SECRET_FILE, settings.judgeSecretFile().toString(),
                    EnforcementSettings.CLUSTER_ARN, settings.clusterArn(),
                    "inter.broker.listener.name", "INTERNAL",
                    "controller.listener.names", "CONTROLLER"));
            List<Action> own = List.of(action(AclOperation.READ, "ns-0123456789ab.events", true));
            List<Action> foreign = List.of(action(AclOperation.READ, "ns-ba9876543210.events", true));
            List<Action> listing = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                String namespace = String.format(Locale.ROOT, "ns-%012x", i < 2 ? 0x0123456789abL : i * 7919L);
                listing.add(action(AclOperation.DESCRIBE, namespace + ".events-" + i, false));
            }
            System.out.printf(
                    Locale.ROOT,
                    "{\"allowed_ns\": %.0f, \"denied_ns\": %.0f, \"policy_absent_ns\": %.0f, \"metadata_2000_us\": %.0f}%n",
                    nanos(authorizer, request(KNOWN, ApiKeys.FETCH), own, 100_000),
                    nanos(authorizer, request(KNOWN, ApiKeys.FETCH), foreign, 100_000),
                    nanos(authorizer, request(UNKNOWN, ApiKeys.FETCH), own, 100_000),
                    nanos(authorizer, request(KNOWN, ApiKeys.METADATA), listing, 100) / 1000);
        } finally {
            Files.deleteIfExists(folder.resolve("secret"));
            Files.deleteIfExists(folder);
        }
    }

    /** Median over the rounds, of which the first third warms up. */
    private static double nanos(
            IamAuthorizer authorizer, AuthorizableRequestContext request, List<Action> actions, int times) {
        double[] rounds = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long start = THREADS.getCurrentThreadCpuTime();
            for (int i = 0; i < times; i++) {
                authorizer.authorize(request, actions);
            }
            rounds[round] = (double) (THREADS.getCurrentThreadCpuTime() - start) / times;
        }
        double[] warm = Arrays.copyOfRange(rounds, ROUNDS / 3, ROUNDS);
        Arrays.sort(warm);
        return warm[warm.length / 2];
    }

    private static String policy() {
        String shared = IntStream.range(0, 10)
                .mapToObj(i -> arn("topic") + String.format("/ns-%012x.shared", i * 104729L))
                .collect(Collectors.joining("','"));
        String identity = rule("Connect','kafka-cluster:WriteDataIdempotently", arn("cluster")) + ","
                + rule("*Topic','kafka-cluster:*TopicDynamicConfiguration','kafka-cluster:ReadData','kafka-cluster:WriteData",
                        arn("topic") + "/ns-0123456789ab.*") + ","
                + rule("*Group", arn("group") + "/ns-0123456789ab.*") + ","
                + rule("*TransactionalId", arn("transactional-id") + "/ns-0123456789ab.*") + ","
                + rule("DescribeTopic','kafka-cluster:ReadData", shared);
        String boundary = rule("Connect','kafka-cluster:WriteDataIdempotently", arn("cluster")) + ","
                + rule("*", arn("topic") + "/*','" + arn("group") + "/*','" + arn("transactional-id") + "/*");
        return "{'principal':'subject','access_key_id':'AKIA1','version':'v','age_ms':0,'layers':[[" + identity + "],["
                + boundary + "]]}";
    }

    private static String arn(String kind) {
        return String.format(ARN, kind);
    }

    private static String rule(String actions, String resources) {
        return "{'effect':'allow','actions':['kafka-cluster:" + actions + "'],'resources':['" + resources + "']}";
    }

    private static Action action(AclOperation operation, String topic, boolean logged) {
        return new Action(
                operation, new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL), 1, true, logged);
    }

    private static AuthorizableRequestContext request(KafkaPrincipal principal, ApiKeys api) {
        return new RequestDouble("CLIENT", principal, api.id);
    }
}
