package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngineResult;
import javax.security.sasl.SaslServer;
import org.apache.kafka.common.security.auth.SaslAuthenticationContext;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatedSslEngineTest {

    private static final Identity CALLER = new Identity("subject", "AKIA1", "iam-user", Identity.NEVER);

    @TempDir
    static Path keys;

    @TempDir
    Path folder;

    private JudgeDouble judge;
    private PolicyStore policies;
    private ConnectionGate gate;
    private TlsPair tls;
    private long now = 1_000_000_000L;

    @BeforeEach
    void start() throws Exception {
        judge = new JudgeDouble();
        policies = new PolicyStore(new JudgeClient(judge.settings(folder), new Counts()), () -> now);
        AuditLog audit = new AuditLog(() -> now, line -> {}, new Counts());
        gate = new ConnectionGate(policies, audit, JudgeDouble.CLUSTER_ARN, () -> now, () -> 0);
        tls = TlsPair.of(keys, engine -> new GatedSslEngine(engine, gate));
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    @Test
    void dataPassesWhileTheGateIsOpen() throws IOException {
        ByteBuffer sent = ByteBuffer.allocate(tls.server().getSession().getPacketBufferSize());
        SSLEngineResult result = tls.server().wrap(data(), sent);
        assertEquals(SSLEngineResult.Status.OK, result.getStatus());
        assertEquals("records", text(tls.received(sent.flip())));
    }

    @Test
    void shutGateEndsTheConnectionInOrderWithoutTheData() throws IOException {
        shut();
        ByteBuffer sent = ByteBuffer.allocate(tls.server().getSession().getPacketBufferSize());
        SSLEngineResult result = tls.server().wrap(data(), sent);
        assertEquals(SSLEngineResult.Status.CLOSED, result.getStatus());
        assertEquals(0, result.bytesConsumed());
        assertEquals("", text(tls.received(sent.flip())));
        assertTrue(tls.client().isInboundDone());
    }

    @Test
    void shutGateHoldsBackWhatIsGatheredFromSeveralBuffersToo() throws IOException {
        shut();
        ByteBuffer[] several = {ByteBuffer.allocate(0), data()};
        ByteBuffer sent = ByteBuffer.allocate(tls.server().getSession().getPacketBufferSize());
        assertEquals(SSLEngineResult.Status.CLOSED, tls.server().wrap(several, 0, 2, sent).getStatus());
        assertEquals("", text(tls.received(sent.flip())));
    }

    @Test
    void goodbyePassesAShutGate() throws IOException {
        shut();
        tls.server().closeOutbound();
        ByteBuffer sent = ByteBuffer.allocate(tls.server().getSession().getPacketBufferSize());
        SSLEngineResult result = tls.server().wrap(ByteBuffer.allocate(0), sent);
        assertEquals(SSLEngineResult.Status.CLOSED, result.getStatus());
        tls.received(sent.flip());
        assertTrue(tls.client().isInboundDone());
    }

    @Test
    void sessionIsTheEnginesAndLeadsToTheGate() {
        GatedSslSession session = assertInstanceOf(GatedSslSession.class, tls.server().getSession());
        assertSame(gate, session.gate());
        assertEquals("TLSv1.3", session.getProtocol());
        assertTrue(session.isValid());
    }

    @Test
    void builderTellsTheGateOfEveryRequest() throws IOException {
        FabricPrincipalBuilder builder = new FabricPrincipalBuilder();
        MskIamSaslServer server = new MskIamSaslServer(callbacks ->
                ((MskIamCallback) callbacks[0]).token(new VerifiedToken(CALLER, Long.MAX_VALUE)));
        server.evaluateResponse(new byte[0]);
        hold("v1", true);
        arrive(builder, server);
        now++;
        hold("v2", false);
        assertEquals(false, gate.letsPass());
        now++;
        arrive(builder, server);
        assertEquals(true, gate.letsPass());
    }

    private void arrive(FabricPrincipalBuilder builder, SaslServer server) {
        builder.build(new SaslAuthenticationContext(
                server,
                SecurityProtocol.SASL_SSL,
                InetAddress.getLoopbackAddress(),
                "CLIENT",
                Optional.of(tls.server().getSession())));
    }

    private void shut() {
        hold("v1", true);
        gate.requestArrived(CALLER);
        now++;
        hold("v2", false);
    }

    private void hold(String version, boolean allows) {
        Rule rule = new Rule(
                true, Set.of(ClusterAction.READ_DATA), List.of(WildcardPattern.of("*")), false, List.of());
        Policy policy = new Policy(List.of(allows ? List.of(rule) : List.of()));
        policies.takeVerified(new PolicyReply.Rules(CALLER.policyKey(), version, 0, policy), now);
    }

    private static ByteBuffer data() {
        return ByteBuffer.wrap("records".getBytes(StandardCharsets.UTF_8));
    }

    private static String text(ByteBuffer data) {
        return StandardCharsets.UTF_8.decode(data).toString();
    }
}
