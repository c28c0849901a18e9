package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.security.sasl.SaslServer;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.security.auth.AuthenticationContext;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.PlaintextAuthenticationContext;
import org.apache.kafka.common.security.auth.SaslAuthenticationContext;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FabricPrincipalTest {

    private static final Identity IDENTITY = new Identity("subject", "AKIA1", "iam-user", 42);

    private final FabricPrincipalBuilder builder = builder();

    @Test
    void keyIsNoPartOfWhoSomebodyIs() {
        FabricPrincipal same = FabricPrincipal.user(new Identity("subject", "AKIA2", "session", 7));
        assertEquals(FabricPrincipal.user(IDENTITY), same);
        assertEquals(FabricPrincipal.user(IDENTITY).hashCode(), same.hashCode());
        assertEquals("subject", same.getName());
    }

    @Test
    void internalPrincipalIsNeverAUserOfTheSameName() {
        assertNotEquals(FabricPrincipal.internal("subject"), FabricPrincipal.user(IDENTITY));
    }

    @Test
    void principalIsTheSameOnTheControllersSide() {
        KafkaPrincipal read = builder.deserialize(builder.serialize(FabricPrincipal.user(IDENTITY)));
        assertEquals(IDENTITY, ((FabricPrincipal) read).identity());
        assertTrue(((FabricPrincipal) builder.deserialize(builder.serialize(FabricPrincipal.internal("b"))))
                .isInternal());
    }

    @Test
    void principalOfAnotherVersionIsNotGuessedAt() {
        byte[] bytes = builder.serialize(FabricPrincipal.user(IDENTITY));
        bytes[0] = 2;
        assertThrows(SerializationException.class, () -> builder.deserialize(bytes));
        assertThrows(SerializationException.class, () -> builder.deserialize(new byte[] {1}));
    }

    @ParameterizedTest
    @ValueSource(strings = {"OAUTHBEARER", "AWS_MSK_IAM"})
    void tokenNamesAUser(String mechanism, @TempDir Path folder) throws Exception {
        try (JudgeDouble judge = new JudgeDouble()) {
            ConnectionGate gate = new ConnectionGate(
                    new PolicyStore(new JudgeClient(judge.settings(folder), new Counts()), () -> 0),
                    new AuditLog(() -> 0, line -> {}, new Counts()),
                    JudgeDouble.CLUSTER_ARN,
                    () -> 0,
                    () -> 0);
            SSLSession session = new GatedSslSession(SSLContext.getDefault().createSSLEngine(), gate);
            KafkaPrincipal built =
                    builder.build(context("CLIENT", mechanism, new VerifiedToken(IDENTITY, 1), Optional.of(session)));
            assertEquals(FabricPrincipal.user(IDENTITY), built);
            assertEquals(IDENTITY, ((FabricPrincipal) built).identity());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"OAUTHBEARER", "AWS_MSK_IAM"})
    void tokenOnAListenerWithoutAGateNamesNobodyAndTheMissingLineIsTold(String mechanism) throws Exception {
        SSLSession ungated = SSLContext.getDefault().createSSLEngine().getSession();
        for (Optional<SSLSession> session : List.of(Optional.of(ungated), Optional.<SSLSession>empty())) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> builder.build(context("CLIENT", mechanism, new VerifiedToken(IDENTITY, 1), session)));
            String line = "listener.name.client.ssl.engine.factory.class=org.octopus.broker.GatedSslEngineFactory";
            assertTrue(refused.getMessage().contains(line), refused.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "SCRAM-SHA-512"})
    void passwordNamesOneOfTheClustersOwnOnInternalListenersAlone(String mechanism) {
        assertEquals(FabricPrincipal.internal("octopus-broker"), builder.build(context("INNER", mechanism, null)));
        assertEquals(FabricPrincipal.internal("octopus-broker"), builder.build(context("CONTROL", mechanism, null)));
        assertThrows(IllegalArgumentException.class, () -> builder.build(context("CLIENT", mechanism, null)));
    }

    @Test
    void whoeverIsNotAuthenticatedIsNobody() {
        AuthenticationContext plain = new PlaintextAuthenticationContext(InetAddress.getLoopbackAddress(), "INNER");
        assertThrows(IllegalArgumentException.class, () -> builder.build(plain));
        assertThrows(
                IllegalArgumentException.class, () -> builder.build(context("CLIENT", "OAUTHBEARER", null)));
    }

    private static FabricPrincipalBuilder builder() {
        FabricPrincipalBuilder builder = new FabricPrincipalBuilder();
        builder.configure(Map.of("inter.broker.listener.name", "INNER", "controller.listener.names", "CONTROL"));
        return builder;
    }

    private static AuthenticationContext context(String listener, String mechanism, VerifiedToken token) {
        return context(listener, mechanism, token, Optional.empty());
    }

    private static AuthenticationContext context(
            String listener, String mechanism, VerifiedToken token, Optional<SSLSession> session) {
        return new SaslAuthenticationContext(
                new Authenticated(mechanism, token),
                SecurityProtocol.SASL_SSL,
                InetAddress.getLoopbackAddress(),
                listener,
                session);
    }

    /** A SASL exchange that is over. */
    private record Authenticated(String mechanism, VerifiedToken token) implements SaslServer {

        @Override
        public String getMechanismName() {
            return mechanism;
        }

        @Override
        public byte[] evaluateResponse(byte[] response) {
            return new byte[0];
        }

        @Override
        public boolean isComplete() {
            return true;
        }

        @Override
        public String getAuthorizationID() {
            return "octopus-broker";
        }

        @Override
        public byte[] unwrap(byte[] incoming, int offset, int length) {
            return incoming;
        }

        @Override
        public byte[] wrap(byte[] outgoing, int offset, int length) {
            return outgoing;
        }

        @Override
        public Object getNegotiatedProperty(String name) {
            return name.equals(mechanism + ".token") ? token : null;
        }

        @Override
        public void dispose() {
            // Nothing is held.
        }
    }
}
