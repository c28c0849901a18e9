package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IamAuthorizerTest {

    private static final FabricPrincipal BROKER = FabricPrincipal.internal("octopus-broker");
    private static final FabricPrincipal USER = user(Identity.NEVER);
    private static final String EVERYTHING = "{'effect':'allow','actions':['*'],'resources':['*']}";

    @TempDir
    Path folder;

    private JudgeDouble judge;
    private final IamAuthorizer authorizer = new IamAuthorizer();

    @BeforeEach
    void start() throws IOException {
        judge = new JudgeDouble();
        EnforcementSettings settings = judge.settings(folder);
        authorizer.configure(Map.of(
                EnforcementSettings.JUDGE_URL, settings.judgeUrl().toString(),
                EnforcementSettings.JUDGE_SECRET_FILE, settings.judgeSecretFile().toString(),
                EnforcementSettings.CLUSTER_ARN, settings.clusterArn(),
                EnforcementSettings.JUDGE_TIMEOUT_MS, "5000",
                "inter.broker.listener.name", "INTERNAL",
                "controller.listener.names", "CONTROLLER"));
    }

    @AfterEach
    void stop() {
        authorizer.close();
        judge.close();
    }

    @Test
    void clusterItselfMayDoEverythingOnItsOwnListeners() {
        assertEquals(AuthorizationResult.ALLOWED, clusterAction("INTERNAL", BROKER));
        assertEquals(AuthorizationResult.ALLOWED, clusterAction("CONTROLLER", BROKER));
    }

    @Test
    void neitherListenerNorNameAloneGivesTheClustersRights() {
        grant(EVERYTHING);
        assertEquals(AuthorizationResult.DENIED, clusterAction("CLIENT", BROKER));
        assertEquals(AuthorizationResult.DENIED, clusterAction("CONTROLLER", USER));
        assertEquals(AuthorizationResult.DENIED, clusterAction("INTERNAL", FabricPrincipal.internal("other")));
        FabricPrincipal named =
                FabricPrincipal.user(new Identity("octopus-broker", "AKIA1", "iam-user", Identity.NEVER));
        assertEquals(AuthorizationResult.DENIED, clusterAction("INTERNAL", named));
        KafkaPrincipal foreign = new KafkaPrincipal(KafkaPrincipal.USER_TYPE, "octopus-broker");
        assertEquals(AuthorizationResult.DENIED, clusterAction("INTERNAL", foreign));
    }

    @Test
    void forwardedRequestIsDecidedByTheClientsPolicy() {
        grant(rule("CreateTopic", ":topic/octopus-test/u-1/ns.*") + "," + connect());
        assertEquals(
                AuthorizationResult.ALLOWED,
                decide(context("CONTROLLER", USER, ApiKeys.CREATE_TOPICS), AclOperation.CREATE, topic("ns.a")));
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CONTROLLER", USER, ApiKeys.CREATE_TOPICS), AclOperation.CREATE, topic("other.a")));
    }

    @Test
    void withoutConnectNothingIsAllowed() {
        grant(rule("DescribeTopic", ":topic/*"));
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CLIENT", USER, ApiKeys.METADATA), AclOperation.DESCRIBE, topic("ns.a")));
    }

    @Test
    void prerequisitesAreOnTheSameResource() {
        grant(rule("WriteData", ":topic/*") + "," + rule("DescribeTopic", ":topic/*/ns.a") + "," + connect());
        assertEquals(
                AuthorizationResult.ALLOWED,
                decide(context("CLIENT", USER, ApiKeys.PRODUCE), AclOperation.WRITE, topic("ns.a")));
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CLIENT", USER, ApiKeys.PRODUCE), AclOperation.WRITE, topic("ns.b")));
    }

    @Test
    void nobodyIsAskedByResourceTypeSoThatIdempotentWriteDecides() {
        grant(EVERYTHING);
        assertEquals(
                AuthorizationResult.DENIED,
                authorizer.authorizeByResourceType(
                        context("CLIENT", USER, ApiKeys.INIT_PRODUCER_ID), AclOperation.WRITE, ResourceType.TOPIC));
        assertEquals(
                AuthorizationResult.ALLOWED,
                decide(context("CLIENT", USER, ApiKeys.INIT_PRODUCER_ID), AclOperation.IDEMPOTENT_WRITE, cluster()));
    }

    @Test
    void fixedAnswersHoldWhateverThePolicySays() {
        grant(EVERYTHING);
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CLIENT", USER, ApiKeys.CREATE_TOPICS), AclOperation.CREATE, cluster()));
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CLIENT", USER, ApiKeys.WRITE_TXN_MARKERS), AclOperation.ALTER, cluster()));
        assertEquals(
                AuthorizationResult.DENIED,
                decide(
                        context("CLIENT", USER, ApiKeys.INIT_PRODUCER_ID),
                        AclOperation.TWO_PHASE_COMMIT,
                        new ResourcePattern(ResourceType.TRANSACTIONAL_ID, "t", PatternType.LITERAL)));
    }

    @Test
    void sessionThatHasEndedHasNoRights() {
        grant(EVERYTHING);
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CLIENT", user(1), ApiKeys.METADATA), AclOperation.DESCRIBE, topic("ns.a")));
    }

    @Test
    void withoutTheJudgeWhoeverIsNotHeldHasNoRights() {
        judge.status = 500;
        assertEquals(
                AuthorizationResult.DENIED,
                decide(context("CLIENT", USER, ApiKeys.METADATA), AclOperation.DESCRIBE, topic("ns.a")));
    }

    @Test
    void thereAreNoAcls() {
        grant(EVERYTHING);
        assertThrows(SecurityDisabledException.class, () -> authorizer.acls(AclBindingFilter.ANY));
        authorizer
                .deleteAcls(context("CLIENT", USER, ApiKeys.DELETE_ACLS), List.of(AclBindingFilter.ANY))
                .forEach(refused -> assertEquals(
                        SecurityDisabledException.class,
                        refused.toCompletableFuture().join().exception().orElseThrow().getClass()));
    }

    private void grant(String rules) {
        judge.reply(
                "/policies",
                "{'policies':["
                        + "{'principal':'subject','access_key_id':'AKIA1','version':'v','age_ms':0,'layers':[["
                        + rules
                        + "]]},{'principal':'octopus-broker','access_key_id':'AKIA1','version':'v','age_ms':0,"
                        + "'layers':[[" + rules + "]]}]}");
    }

    private static String rule(String action, String resource) {
        return "{'effect':'allow','actions':['kafka-cluster:" + action + "'],'resources':['*" + resource + "']}";
    }

    private static String connect() {
        return rule("Connect", ":cluster/octopus-test/u-1");
    }

    private static FabricPrincipal user(long sessionExpiresMs) {
        return FabricPrincipal.user(new Identity("subject", "AKIA1", "iam-user", sessionExpiresMs));
    }

    private AuthorizationResult clusterAction(String listener, KafkaPrincipal principal) {
        return decide(context(listener, principal, ApiKeys.ENVELOPE), AclOperation.CLUSTER_ACTION, cluster());
    }

    private AuthorizationResult decide(
            AuthorizableRequestContext context, AclOperation operation, ResourcePattern resource) {
        return authorizer
                .authorize(context, List.of(new Action(operation, resource, 1, true, true)))
                .get(0);
    }

    private static ResourcePattern topic(String name) {
        return new ResourcePattern(ResourceType.TOPIC, name, PatternType.LITERAL);
    }

    private static ResourcePattern cluster() {
        return new ResourcePattern(ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL);
    }

    private static AuthorizableRequestContext context(String listener, KafkaPrincipal principal, ApiKeys request) {
        return new RequestDouble(listener, principal, request.id);
    }
}
