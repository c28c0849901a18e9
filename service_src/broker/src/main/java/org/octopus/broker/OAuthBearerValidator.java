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
 * Lets the judge decide on the tokens of SASL/OAUTHBEARER. A denial is answered to the client, for which it is final;
 * when nobody can tell, an exception closes the connection without a verdict, and the client tries again.
 */
public final class OAuthBearerValidator implements AuthenticateCallbackHandler {

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
                validate(validation);
            } else if (!(callback instanceof OAuthBearerExtensionsValidatorCallback)) {
                // SASL extensions are let pass and stay unread: none of them means anything here.
                throw new UnsupportedCallbackException(callback);
            }
        }
    }

    private void validate(OAuthBearerValidatorCallback callback) {
        Verdict verdict = enforcement.tokens().verify(mechanism, callback.tokenValue());
        if (verdict instanceof Verdict.Allowed allowed) {
            long ends = Math.min(allowed.lifetimeMs(), allowed.identity().sessionExpiresMs());
            callback.token(new VerifiedToken(allowed.identity(), ends));
        } else if (verdict instanceof Verdict.Denied) {
            callback.error("invalid_token", null, null);
        } else {
            throw new JudgeAwayException("the judge cannot tell");
        }
    }

    @Override
    public void close() {
        if (enforcement != null) {
            enforcement.close();
            enforcement = null;
        }
    }
}
