package org.octopus.broker;

import java.util.Set;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;

/**
 * What is left of a token once the judge has allowed it: who it is and until when. The token itself is not kept.
 *
 * @param identity who signed it
 * @param lifetimeMs when the connection must authenticate again, ms since epoch (KIP-368)
 */
record VerifiedToken(Identity identity, long lifetimeMs) implements OAuthBearerToken {

    @Override
    public String value() {
        return "";
    }

    @Override
    public Set<String> scope() {
        return Set.of();
    }

    @Override
    public String principalName() {
        return identity.principal();
    }

    @Override
    public Long startTimeMs() {
        return null;
    }
}
