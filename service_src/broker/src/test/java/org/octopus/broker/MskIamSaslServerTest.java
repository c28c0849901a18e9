package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslException;
import javax.security.sasl.SaslServer;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MskIamSaslServerTest {

    private static final byte[] SIGNED_REQUEST = "{\"host\":\"b\"}".getBytes(StandardCharsets.UTF_8);
    private static final VerifiedToken TOKEN =
            new VerifiedToken(new Identity("subject", "ASIA1", "session", 42), 900_000);

    @BeforeAll
    static void login() {
        assertTrue(new MskIamLoginModule().login());
    }

    @Test
    void allowedRequestIsAnsweredWithItsIdAndEndsTheExchange() throws Exception {
        SaslServer server = server(request -> request.equals("{\"host\":\"b\"}") ? TOKEN : null);
        assertFalse(server.isComplete());
        JsonNode answer = new ObjectMapper().readTree(server.evaluateResponse(SIGNED_REQUEST));
        assertEquals("2020_10_22", answer.path("version").asText());
        assertEquals(36, UUID.fromString(answer.path("request-id").asText()).toString().length());
        assertTrue(server.isComplete());
        assertEquals("subject", server.getAuthorizationID());
        assertThrows(IllegalStateException.class, () -> server.evaluateResponse(SIGNED_REQUEST));
    }

    @Test
    void kafkaHearsWhenToAuthenticateAgain() throws Exception {
        SaslServer server = server(request -> TOKEN);
        server.evaluateResponse(SIGNED_REQUEST);
        assertEquals(900_000L, server.getNegotiatedProperty("CREDENTIAL.LIFETIME.MS"));
        assertEquals(TOKEN, server.getNegotiatedProperty("AWS_MSK_IAM.token"));
        assertNull(server.getNegotiatedProperty("other"));
    }

    @Test
    void deniedRequestIsToldNoReason() throws Exception {
        SaslServer server = server(request -> null);
        SaslAuthenticationException denied =
                assertThrows(SaslAuthenticationException.class, () -> server.evaluateResponse(SIGNED_REQUEST));
        assertTrue(denied.getMessage().matches("\\[[0-9a-f-]{36}]: Access denied"), denied.getMessage());
        assertFalse(server.isComplete());
        assertThrows(IllegalStateException.class, server::getAuthorizationID);
        assertThrows(IllegalStateException.class, () -> server.getNegotiatedProperty("AWS_MSK_IAM.token"));
    }

    @Test
    void withoutAVerdictTheConnectionCloses() throws Exception {
        SaslServer server = server(request -> {
            throw new JudgeAwayException("away");
        });
        assertThrows(JudgeAwayException.class, () -> server.evaluateResponse(SIGNED_REQUEST));
    }

    @Test
    void handlerThatDoesNotKnowTheMechanismIsAMistakeOfTheConfiguration() throws Exception {
        SaslServer server = Sasl.createSaslServer("AWS_MSK_IAM", "kafka", "b", Map.of(), callbacks -> {
            throw new UnsupportedCallbackException(callbacks[0]);
        });
        assertThrows(SaslException.class, () -> server.evaluateResponse(SIGNED_REQUEST));
    }

    private static SaslServer server(Function<String, VerifiedToken> judge) throws SaslException {
        return Sasl.createSaslServer("AWS_MSK_IAM", "kafka", "b", Map.of(), callbacks -> {
            for (Callback callback : callbacks) {
                MskIamCallback asked = (MskIamCallback) callback;
                asked.token(judge.apply(asked.signedRequest()));
            }
        });
    }
}
