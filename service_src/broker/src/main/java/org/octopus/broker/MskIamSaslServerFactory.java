package org.octopus.broker;

import java.util.Map;
import javax.security.auth.callback.CallbackHandler;
import javax.security.sasl.SaslServer;
import javax.security.sasl.SaslServerFactory;

/** Makes the broker's side of SASL/AWS_MSK_IAM, one for each authentication; {@link MskIamLoginModule} registers it. */
public final class MskIamSaslServerFactory implements SaslServerFactory {

    @Override
    public SaslServer createSaslServer(
            String mechanism, String protocol, String serverName, Map<String, ?> properties, CallbackHandler handler) {
        return SaslMechanisms.AWS_MSK_IAM.equals(mechanism) ? new MskIamSaslServer(handler) : null;
    }

    @Override
    public String[] getMechanismNames(Map<String, ?> properties) {
        return new String[] {SaslMechanisms.AWS_MSK_IAM};
    }
}
