package org.octopus.broker;

import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

/**
 * Lets the judge decide on the tokens of SASL/OAUTHBEARER and SASL/AWS_MSK_IAM. A denial is answered to the client, for
 * which it is final; when nobody can tell, an exception closes the connection without a verdict, and the client tries
 * again.
 */
public final class TokenValidator implements AuthenticateCallbackHandler {

    private EnforcementPoint enforcement;
    private String mechanism;

    @Override
    public void configure(Map<String, ?> configs, String saslMechanism, List<AppConfigurationEntry> entries) {
        this.mechanism = saslMechanism;
        this.enforcement = EnforcementPoint.acquire(EnforcementSettings.from(configs));
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (callback instanceof OAuthBearerValidatorCallback validation) {
                VerifiedToken token = verified(validation.tokenValue());
                if (token != null) {
                    validation.token(token);
                } else {
                    validation.error("invalid_token", null, null);
                }
            } else if (callback instanceof MskIamCallback validation) {
                validation.token(verified(validation.signedRequest()));
            } else if (!(callback instanceof OAuthBearerExtensionsValidatorCallback)) {
                // SASL extensions are let pass and stay unread: none of them means anything here.
                throw new UnsupportedCallbackException(callback);
            }
        }
    }

    @Override
    public void close() {
        if (enforcement != null) {
            enforcement.close();
            enforcement = null;
        }
    }

    /** Null when it was denied. */
    private VerifiedToken verified(String token) {
        enforcement.counts().add(Counts.Event.AUTHENTICATION);
        Verdict verdict = enforcement.tokens().verify(mechanism, token);
        if (verdict instanceof Verdict.Allowed allowed) {
            long ends = Math.min(allowed.lifetimeMs(), allowed.identity().sessionExpiresMs());
            return new VerifiedToken(allowed.identity(), ends);
        }
        if (verdict instanceof Verdict.Denied) {
            enforcement.counts().add(Counts.Event.AUTHENTICATION_REFUSED);
            return null;
        }
        throw new JudgeAwayException("the judge cannot tell");
    }
}
