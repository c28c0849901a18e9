package org.octopus.broker;

import java.security.Provider;
import java.security.Security;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.spi.LoginModule;

/**
 * What JAAS needs to be told for SASL/AWS_MSK_IAM on a broker's listener. Nobody logs in with it: being loaded, it makes
 * the mechanism known to Java.
 */
public final class MskIamLoginModule implements LoginModule {

    static {
        Security.addProvider(new MskIamProvider());
    }

    @Override
    public void initialize(
            Subject subject, CallbackHandler callbackHandler, Map<String, ?> sharedState, Map<String, ?> options) {
        // The broker proves itself by its certificate.
    }

    @Override
    public boolean login() {
        return true;
    }

    @Override
    public boolean commit() {
        return true;
    }

    @Override
    public boolean abort() {
        return true;
    }

    @Override
    public boolean logout() {
        return true;
    }

    private static final class MskIamProvider extends Provider {

        private static final long serialVersionUID = 1L;

        private MskIamProvider() {
            super("OctopusMskIam", "1.0", "SASL/AWS_MSK_IAM, the broker's side");
            put("SaslServerFactory." + SaslMechanisms.AWS_MSK_IAM, MskIamSaslServerFactory.class.getName());
        }
    }
}
