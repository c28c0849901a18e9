package org.octopus.broker.bench;

import java.util.List;
import java.util.Set;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.octopus.broker.WrappedAuthorizer;

/** For benchmarks: the plugin's decisions on every listener but the controls', where everything is allowed unasked. */
public final class UnjudgedListeners extends WrappedAuthorizer {

    static final Set<String> NAMES = Set.of("TLS", "PLAIN");

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        return NAMES.contains(context.listenerName())
                ? actions.stream().map(action -> AuthorizationResult.ALLOWED).toList()
                : super.authorize(context, actions);
    }

    @Override
    public AuthorizationResult authorizeByResourceType(
            AuthorizableRequestContext context, AclOperation operation, ResourceType type) {
        return NAMES.contains(context.listenerName())
                ? AuthorizationResult.ALLOWED
                : super.authorizeByResourceType(context, operation, type);
    }
}
