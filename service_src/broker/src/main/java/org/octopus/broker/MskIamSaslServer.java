package org.octopus.broker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslException;
import javax.security.sasl.SaslServer;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.authenticator.SaslInternalConfigs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker's side of SASL/AWS_MSK_IAM: the client sends one signed request, and hears either a request id or that
 * access is denied.
 */
final class MskIamSaslServer implements SaslServer {

    private static final Logger LOG = LoggerFactory.getLogger(MskIamSaslServer.class);
    private static final String VERSION = "2020_10_22";

    private final CallbackHandler handler;
    private VerifiedToken token;

    MskIamSaslServer(CallbackHandler handler) {
        this.handler = handler;
    }

    @Override
    public String getMechanismName() {
        return SaslMechanisms.AWS_MSK_IAM;
    }

    /**
     * Decides on the client's only message.
     *
     * @throws SaslAuthenticationException when it was denied, which is final for the client
     * @throws JudgeAwayException when nobody can tell: the connection closes and the client tries again
     */
    @Override
    public byte[] evaluateResponse(byte[] response) throws SaslException {
        if (token != null) {
            throw new IllegalStateException("the exchange is over");
        }
        MskIamCallback asked = new MskIamCallback(new String(response, StandardCharsets.UTF_8));
        try {
            handler.handle(new Callback[] {asked});
        } catch (IOException | UnsupportedCallbackException e) {
            throw new SaslException("this listener's callback handler does not know " + getMechanismName(), e);
        }
        UUID requestId = UUID.randomUUID();
        LOG.debug("Signed request {}: {}", requestId, asked.token() == null ? "denied" : asked.token().principalName());
        if (asked.token() == null) {
            throw new SaslAuthenticationException("[" + requestId + "]: Access denied");
        }
        token = asked.token();
        return ("{\"version\":\"" + VERSION + "\",\"request-id\":\"" + requestId + "\"}")
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isComplete() {
        return token != null;
    }

    @Override
    public String getAuthorizationID() {
        requireComplete();
        return token.principalName();
    }

    @Override
    public Object getNegotiatedProperty(String name) {
        requireComplete();
        if (name.equals(SaslMechanisms.tokenProperty(getMechanismName()))) {
            return token;
        }
        if (name.equals(SaslInternalConfigs.CREDENTIAL_LIFETIME_MS_SASL_NEGOTIATED_PROPERTY_KEY)) {
            return token.lifetimeMs();
        }
        return name.equals(Sasl.QOP) ? "auth" : null;
    }

    @Override
    public byte[] unwrap(byte[] incoming, int offset, int length) {
        throw new IllegalStateException("TLS protects the connection; this mechanism has no layer for it");
    }

    @Override
    public byte[] wrap(byte[] outgoing, int offset, int length) {
        throw new IllegalStateException("TLS protects the connection; this mechanism has no layer for it");
    }

    @Override
    public void dispose() {
        // Nothing of the signed request was kept.
    }

    private void requireComplete() {
        if (token == null) {
            throw new IllegalStateException("the exchange is not over");
        }
    }
}
