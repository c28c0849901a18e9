package org.octopus.broker;

import java.util.Map;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;

/**
 * Kafka's own TLS for a listener, with a gate in each connection that holds back what its caller has lost the right to.
 */
public final class GatedSslEngineFactory extends DefaultSslEngineFactory {

    private EnforcementSettings settings;
    private EnforcementPoint enforcement;

    @Override
    public void configure(Map<String, ?> configs) {
        super.configure(configs);
        settings = EnforcementSettings.from(configs);
    }

    @Override
    public SSLEngine createServerSslEngine(String peerHost, int peerPort) {
        return new GatedSslEngine(super.createServerSslEngine(peerHost, peerPort), enforcement().newGate());
    }

    @Override
    public synchronized void close() {
        if (enforcement != null) {
            enforcement.close();
            enforcement = null;
        }
        super.close();
    }

    /** Acquired late: Kafka makes factories only to see whether new settings are good, and never closes those. */
    private synchronized EnforcementPoint enforcement() {
        if (enforcement == null) {
            enforcement = EnforcementPoint.acquire(settings);
        }
        return enforcement;
    }
}
