package org.octopus.broker.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;
import org.octopus.broker.IamAuthorizer;

/** For benchmarks: the plugin's decisions on every listener but the controls', where everything is allowed unasked. */
public final class UnjudgedListeners implements Authorizer {

    static final Set<String> NAMES = Set.of("TLS", "PLAIN");

    private final IamAuthorizer judged = new IamAuthorizer();

    @Override
    public void configure(Map<String, ?> configs) {
        judged.configure(configs);
    }

    @Override
    public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo server) {
        return judged.start(server);
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        return NAMES.contains(context.listenerName())
                ? actions.stream().map(action -> AuthorizationResult.ALLOWED).toList()
                : judged.authorize(context, actions);
    }

    @Override
    public AuthorizationResult authorizeByResourceType(
            AuthorizableRequestContext context, AclOperation operation, ResourceType type) {
        return NAMES.contains(context.listenerName())
                ? AuthorizationResult.ALLOWED
                : judged.authorizeByResourceType(context, operation, type);
    }

    @Override
    public List<? extends CompletionStage<AclCreateResult>> createAcls(
            AuthorizableRequestContext context, List<AclBinding> bindings) {
        return judged.createAcls(context, bindings);
    }

    @Override
    public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(
            AuthorizableRequestContext context, List<AclBindingFilter> filters) {
        return judged.deleteAcls(context, filters);
    }

    @Override
    public Iterable<AclBinding> acls(AclBindingFilter filter) {
        return judged.acls(filter);
    }

    @Override
    public void close() {
        judged.close();
    }
}
