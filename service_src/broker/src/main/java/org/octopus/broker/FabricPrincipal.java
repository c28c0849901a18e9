package org.octopus.broker;

import org.apache.kafka.common.security.auth.KafkaPrincipal;

/**
 * A caller as Kafka carries it from request to request. Type and name alone make it equal to another, because Kafka
 * ends a connection whose principal changes when it authenticates again, and a fresh token may come from another key.
 */
public final class FabricPrincipal extends KafkaPrincipal {

    /** Type of a broker or controller of this cluster; no client's principal ever has it. */
    static final String INTERNAL_TYPE = "Internal";

    private final Identity identity;

    private FabricPrincipal(String type, Identity identity) {
        super(type, identity.principal());
        this.identity = identity;
    }

    /** Somebody whom the judge knows. */
    static FabricPrincipal user(Identity identity) {
        return new FabricPrincipal(KafkaPrincipal.USER_TYPE, identity);
    }

    /** A user of an internal listener. */
    static FabricPrincipal internal(String name) {
        return new FabricPrincipal(INTERNAL_TYPE, new Identity(name, "", "internal", Identity.NEVER));
    }

    boolean isInternal() {
        return getPrincipalType().equals(INTERNAL_TYPE);
    }

    Identity identity() {
        return identity;
    }

    @Override
    public boolean equals(Object other) {
        return super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
