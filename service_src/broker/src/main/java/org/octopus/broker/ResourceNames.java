package org.octopus.broker;

import org.apache.kafka.common.resource.ResourceType;

/** Names Kafka's resources as IAM does: by ARNs that are made of the cluster's own. */
final class ResourceNames {

    private final ResourceArn cluster;
    private final String topics;
    private final String groups;
    private final String transactionalIds;

    ResourceNames(String clusterArn) {
        this.cluster = new ResourceArn(clusterArn, "");
        this.topics = clusterArn.replaceFirst(":cluster/", ":topic/") + "/";
        this.groups = clusterArn.replaceFirst(":cluster/", ":group/") + "/";
        this.transactionalIds = clusterArn.replaceFirst(":cluster/", ":transactional-id/") + "/";
    }

    /** The ARN of a resource; what IAM has no kind for belongs to the cluster. */
    ResourceArn arn(ResourceType type, String name) {
        return switch (type) {
            case TOPIC -> new ResourceArn(topics, name);
            case GROUP -> new ResourceArn(groups, name);
            case TRANSACTIONAL_ID -> new ResourceArn(transactionalIds, name);
            default -> cluster;
        };
    }

    ResourceArn cluster() {
        return cluster;
    }

    /** What a refused caller usually did wrong: these requests carry no text that could tell him. */
    String hint(ResourceType type) {
        return switch (type) {
            case GROUP -> "; a consumer group's id must begin with a namespace of the caller's and a dot";
            case TRANSACTIONAL_ID -> "; a transactional id must begin with a namespace of the caller's and a dot";
            default -> "";
        };
    }
}
