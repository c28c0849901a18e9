package org.octopus.broker;

import java.net.InetAddress;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;

/** Who asks for what on which listener, without a broker around it. */
record RequestDouble(String listenerName, KafkaPrincipal principal, int requestType)
        implements AuthorizableRequestContext {

    @Override
    public SecurityProtocol securityProtocol() {
        return SecurityProtocol.SASL_SSL;
    }

    @Override
    public InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public int requestVersion() {
        return 0;
    }

    @Override
    public String clientId() {
        return "test";
    }

    @Override
    public int correlationId() {
        return 0;
    }
}
