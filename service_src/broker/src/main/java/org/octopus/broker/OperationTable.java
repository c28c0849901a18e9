package org.octopus.broker;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.ResourceType;

/**
 * Which IAM action each operation of Kafka needs. An operation without one has the fixed answer that nobody but the
 * cluster itself may do it.
 */
final class OperationTable {

    /**
     * The answer for one operation.
     *
     * @param action what a policy must allow; null when it is denied to everybody
     * @param alsoNeeds further actions on the same resource, which MSK documents as prerequisites
     */
    record Row(ClusterAction action, List<ClusterAction> alsoNeeds) {

        boolean denied() {
            return action == null;
        }
    }

    /** An operation on a kind of resource, as Kafka asks for it. */
    record Ask(AclOperation operation, ResourceType resource) {}

    private static final Row DENIED = new Row(null, List.of());

    private static final Map<Ask, Row> ROWS = Map.ofEntries(
            row(AclOperation.DESCRIBE, ResourceType.TOPIC, ClusterAction.DESCRIBE_TOPIC),
            row(AclOperation.READ, ResourceType.TOPIC, ClusterAction.READ_DATA, ClusterAction.DESCRIBE_TOPIC),
            row(AclOperation.WRITE, ResourceType.TOPIC, ClusterAction.WRITE_DATA, ClusterAction.DESCRIBE_TOPIC),
            row(AclOperation.CREATE, ResourceType.TOPIC, ClusterAction.CREATE_TOPIC),
            row(AclOperation.ALTER, ResourceType.TOPIC, ClusterAction.ALTER_TOPIC, ClusterAction.DESCRIBE_TOPIC),
            row(AclOperation.DELETE, ResourceType.TOPIC, ClusterAction.DELETE_TOPIC, ClusterAction.DESCRIBE_TOPIC),
            row(
                    AclOperation.DESCRIBE_CONFIGS,
                    ResourceType.TOPIC,
                    ClusterAction.DESCRIBE_TOPIC_DYNAMIC_CONFIGURATION),
            row(
                    AclOperation.ALTER_CONFIGS,
                    ResourceType.TOPIC,
                    ClusterAction.ALTER_TOPIC_DYNAMIC_CONFIGURATION,
                    ClusterAction.DESCRIBE_TOPIC_DYNAMIC_CONFIGURATION),
            row(AclOperation.DESCRIBE, ResourceType.GROUP, ClusterAction.DESCRIBE_GROUP),
            row(AclOperation.READ, ResourceType.GROUP, ClusterAction.ALTER_GROUP, ClusterAction.DESCRIBE_GROUP),
            row(AclOperation.DELETE, ResourceType.GROUP, ClusterAction.DELETE_GROUP, ClusterAction.DESCRIBE_GROUP),
            denied(AclOperation.DESCRIBE_CONFIGS, ResourceType.GROUP),
            denied(AclOperation.ALTER_CONFIGS, ResourceType.GROUP),
            row(
                    AclOperation.DESCRIBE,
                    ResourceType.TRANSACTIONAL_ID,
                    ClusterAction.DESCRIBE_TRANSACTIONAL_ID),
            row(
                    AclOperation.WRITE,
                    ResourceType.TRANSACTIONAL_ID,
                    ClusterAction.ALTER_TRANSACTIONAL_ID,
                    ClusterAction.DESCRIBE_TRANSACTIONAL_ID),
            // By name: Kafka 3.9 has no such constant, and reads the name as UNKNOWN, which is denied just as well.
            denied(AclOperation.fromString("TWO_PHASE_COMMIT"), ResourceType.TRANSACTIONAL_ID),
            row(AclOperation.IDEMPOTENT_WRITE, ResourceType.CLUSTER, ClusterAction.WRITE_DATA_IDEMPOTENTLY),
            row(AclOperation.DESCRIBE, ResourceType.CLUSTER, ClusterAction.DESCRIBE_CLUSTER),
            row(
                    AclOperation.ALTER,
                    ResourceType.CLUSTER,
                    ClusterAction.ALTER_CLUSTER,
                    ClusterAction.DESCRIBE_CLUSTER),
            row(
                    AclOperation.DESCRIBE_CONFIGS,
                    ResourceType.CLUSTER,
                    ClusterAction.DESCRIBE_CLUSTER_DYNAMIC_CONFIGURATION),
            row(
                    AclOperation.ALTER_CONFIGS,
                    ResourceType.CLUSTER,
                    ClusterAction.ALTER_CLUSTER_DYNAMIC_CONFIGURATION,
                    ClusterAction.DESCRIBE_CLUSTER_DYNAMIC_CONFIGURATION),
            // Asked first for all topics at once; Kafka then asks for each topic by itself.
            denied(AclOperation.CREATE, ResourceType.CLUSTER),
            denied(AclOperation.DELETE, ResourceType.CLUSTER),
            denied(AclOperation.CLUSTER_ACTION, ResourceType.CLUSTER),
            denied(AclOperation.DESCRIBE, ResourceType.DELEGATION_TOKEN),
            denied(AclOperation.CREATE_TOKENS, ResourceType.USER),
            denied(AclOperation.DESCRIBE_TOKENS, ResourceType.USER));

    private OperationTable() {}

    /** The answer for an operation that a request asks for; an operation that nobody foresaw is denied. */
    static Row row(int requestType, AclOperation operation, ResourceType resource) {
        // It asks for ALTER on the cluster, but an operator's AlterCluster does not mean to end others' transactions.
        if (requestType == ApiKeys.WRITE_TXN_MARKERS.id) {
            return DENIED;
        }
        return ROWS.getOrDefault(new Ask(operation, resource), DENIED);
    }

    /** Whether an operation has an answer here that somebody thought about. */
    static boolean knows(AclOperation operation, ResourceType resource) {
        return ROWS.containsKey(new Ask(operation, resource));
    }

    private static Map.Entry<Ask, Row> row(
            AclOperation operation, ResourceType resource, ClusterAction action, ClusterAction... alsoNeeds) {
        return Map.entry(new Ask(operation, resource), new Row(action, List.of(alsoNeeds)));
    }

    private static Map.Entry<Ask, Row> denied(AclOperation operation, ResourceType resource) {
        return Map.entry(new Ask(operation, resource), DENIED);
    }
}
