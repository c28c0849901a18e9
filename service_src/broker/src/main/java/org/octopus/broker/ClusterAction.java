package org.octopus.broker;

import java.util.Locale;

/** The actions of the IAM service prefix {@code kafka-cluster}, as Amazon MSK documents them. */
enum ClusterAction {
    CONNECT("Connect"),
    DESCRIBE_CLUSTER("DescribeCluster"),
    ALTER_CLUSTER("AlterCluster"),
    DESCRIBE_CLUSTER_DYNAMIC_CONFIGURATION("DescribeClusterDynamicConfiguration"),
    ALTER_CLUSTER_DYNAMIC_CONFIGURATION("AlterClusterDynamicConfiguration"),
    WRITE_DATA_IDEMPOTENTLY("WriteDataIdempotently"),
    CREATE_TOPIC("CreateTopic"),
    DESCRIBE_TOPIC("DescribeTopic"),
    ALTER_TOPIC("AlterTopic"),
    DELETE_TOPIC("DeleteTopic"),
    DESCRIBE_TOPIC_DYNAMIC_CONFIGURATION("DescribeTopicDynamicConfiguration"),
    ALTER_TOPIC_DYNAMIC_CONFIGURATION("AlterTopicDynamicConfiguration"),
    READ_DATA("ReadData"),
    WRITE_DATA("WriteData"),
    DESCRIBE_GROUP("DescribeGroup"),
    ALTER_GROUP("AlterGroup"),
    DELETE_GROUP("DeleteGroup"),
    DESCRIBE_TRANSACTIONAL_ID("DescribeTransactionalId"),
    ALTER_TRANSACTIONAL_ID("AlterTransactionalId");

    private final String text;
    private final String lowerCase;

    ClusterAction(String name) {
        this.text = "kafka-cluster:" + name;
        this.lowerCase = text.toLowerCase(Locale.ROOT);
    }

    /** The action as policies write it, {@code kafka-cluster:ReadData}. */
    String text() {
        return text;
    }

    /** For matching: IAM holds actions to be equal whatever their case. */
    String lowerCase() {
        return lowerCase;
    }
}
