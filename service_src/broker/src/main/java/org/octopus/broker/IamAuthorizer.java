package org.octopus.broker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;

/**
 * Decides every request by the caller's IAM policies, matched here; nothing else gives rights. The cluster's own
 * brokers and controllers may do everything, on their own listeners only: a request that a broker forwards reaches the
 * controller on an internal listener too, but with the client's principal.
 */
public final class IamAuthorizer implements Authorizer {

    private static final Set<Short> ACL_REQUESTS =
            Set.of(ApiKeys.DESCRIBE_ACLS.id, ApiKeys.CREATE_ACLS.id, ApiKeys.DELETE_ACLS.id);

    private EnforcementSettings settings;
    private EnforcementPoint enforcement;
    private ResourceNames names;

    @Override
    public void configure(Map<String, ?> configs) {
        settings = EnforcementSettings.from(configs);
        names = new ResourceNames(settings.clusterArn());
        enforcement = EnforcementPoint.acquire(settings);
    }

    @Override
    public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo server) {
        // Nothing to load: until the judge answers, clients are refused one by one.
        Map<Endpoint, CompletionStage<Void>> ready = new HashMap<>();
        server.endpoints().forEach(endpoint -> ready.put(endpoint, CompletableFuture.completedFuture(null)));
        return ready;
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        List<AuthorizationResult> results = new ArrayList<>(actions.size());
        if (isInternal(context)) {
            actions.forEach(action -> results.add(AuthorizationResult.ALLOWED));
            return results;
        }
        Rights rights = rights(context);
        for (Action action : actions) {
            // Their only outcome is the refusal below, so that everybody hears the same reason.
            boolean allowed = ACL_REQUESTS.contains((short) context.requestType())
                    || decide(rights, context.requestType(), action);
            results.add(allowed ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED);
        }
        return results;
    }

    /** Denied, so that the broker asks for IDEMPOTENT_WRITE on the cluster, which IAM has an action for. */
    @Override
    public AuthorizationResult authorizeByResourceType(
            AuthorizableRequestContext context, AclOperation operation, ResourceType resourceType) {
        return isInternal(context) ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED;
    }

    @Override
    public List<? extends CompletionStage<AclCreateResult>> createAcls(
            AuthorizableRequestContext context, List<AclBinding> bindings) {
        AclCreateResult refused = new AclCreateResult(aclsRefused());
        return bindings.stream().map(binding -> CompletableFuture.completedFuture(refused)).toList();
    }

    @Override
    public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(
            AuthorizableRequestContext context, List<AclBindingFilter> filters) {
        AclDeleteResult refused = new AclDeleteResult(aclsRefused());
        return filters.stream().map(filter -> CompletableFuture.completedFuture(refused)).toList();
    }

    @Override
    public Iterable<AclBinding> acls(AclBindingFilter filter) {
        throw aclsRefused();
    }

    @Override
    public void close() {
        if (enforcement != null) {
            enforcement.close();
            enforcement = null;
        }
    }

    private boolean isInternal(AuthorizableRequestContext context) {
        return settings.internalListeners().contains(context.listenerName())
                && context.principal() instanceof FabricPrincipal principal
                && principal.isInternal()
                && principal.getName().equals(settings.internalPrincipal());
    }

    private Rights rights(AuthorizableRequestContext context) {
        long nowMs = System.currentTimeMillis();
        if (!(context.principal() instanceof FabricPrincipal principal) || principal.isInternal()) {
            return Rights.none(new PolicyKey(context.principal().getName(), ""), "not a principal of this fabric");
        }
        PolicyKey key = principal.identity().policyKey();
        if (principal.identity().sessionExpiresMs() <= nowMs) {
            return Rights.none(key, "the session has expired");
        }
        HeldPolicy held = enforcement.policies().of(key);
        if (held == null) {
            return Rights.none(key, "the judge cannot be asked for the policy");
        }
        if (held.denied()) {
            return Rights.none(key, "the key or its owner has no rights any more");
        }
        if (held.stale(System.nanoTime())) {
            return Rights.none(key, "the policy is older than " + PolicyStore.MAX_AGE.toSeconds() + " s");
        }
        return Rights.of(key, held.policy(), nowMs, names.cluster());
    }

    private boolean decide(Rights rights, int requestType, Action action) {
        AclOperation operation = action.operation();
        ResourceType type = action.resourcePattern().resourceType();
        OperationTable.Row row = OperationTable.row(requestType, operation, type);
        ResourceArn resource = names.arn(type, action.resourcePattern().name());
        boolean allowed = rights.allow(row, resource);
        // A question whose denial Kafka would not log is a filter of a listing, or the first of two: it refuses nobody
        // anything, and is neither counted nor audited.
        if (!action.logIfDenied()) {
            return allowed;
        }
        count(allowed);
        if (!allowed || action.logIfAllowed()) {
            String asked = row.denied() ? "kafka:" + operation.name() : row.action().text();
            enforcement
                    .audit()
                    .record(
                            rights.key(),
                            new AuditLog.Subject(asked, resource),
                            allowed ? AuditLog.Outcome.ALLOW : AuditLog.Outcome.DENY,
                            allowed ? "" : rights.refusal(row, resource) + names.hint(type));
        }
        return allowed;
    }

    private void count(boolean allowed) {
        enforcement.counts().add(Counts.Event.DECISION);
        if (!allowed) {
            enforcement.counts().add(Counts.Event.DECISION_REFUSED);
        }
    }

    private static SecurityDisabledException aclsRefused() {
        return new SecurityDisabledException("This cluster has no ACLs: IAM policies alone give rights.");
    }
}
