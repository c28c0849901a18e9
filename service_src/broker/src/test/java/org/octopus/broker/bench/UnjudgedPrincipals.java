package org.octopus.broker.bench;

import java.util.Map;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.security.auth.AuthenticationContext;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.KafkaPrincipalBuilder;
import org.apache.kafka.common.security.auth.KafkaPrincipalSerde;
import org.octopus.broker.FabricPrincipalBuilder;

/** For benchmarks: the plugin's principals on every listener but the controls', where everybody is anonymous. */
public final class UnjudgedPrincipals implements KafkaPrincipalBuilder, KafkaPrincipalSerde, Configurable {

    private final FabricPrincipalBuilder judged = new FabricPrincipalBuilder();

    @Override
    public void configure(Map<String, ?> configs) {
        judged.configure(configs);
    }

    @Override
    public KafkaPrincipal build(AuthenticationContext context) {
        return UnjudgedListeners.NAMES.contains(context.listenerName())
                ? KafkaPrincipal.ANONYMOUS
                : judged.build(context);
    }

    /** Nothing that a control does is forwarded to the controller. */
    @Override
    public byte[] serialize(KafkaPrincipal principal) {
        return judged.serialize(principal);
    }

    @Override
    public KafkaPrincipal deserialize(byte[] bytes) {
        return judged.deserialize(bytes);
    }
}
