package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.security.authorizer.AclEntry;
import org.junit.jupiter.api.Test;

class OperationTableTest {

    private static final Set<ResourceType> NOT_CONCRETE = Set.of(ResourceType.UNKNOWN, ResourceType.ANY);

    @Test
    void everyOperationThatKafkaSupportsHasARow() {
        for (ResourceType type : ResourceType.values()) {
            if (NOT_CONCRETE.contains(type)) {
                continue;
            }
            for (AclOperation operation : AclEntry.supportedOperations(type)) {
                assertTrue(OperationTable.knows(operation, type), operation + " on " + type + " has no row");
            }
        }
    }

    @Test
    void everyRequestOfKafkaHasALineAndNoneIsLeftOver() {
        Set<String> requests = Stream.of(ApiKeys.values()).map(Enum::name).collect(Collectors.toSet());
        assertEquals(new TreeSet<>(requests), new TreeSet<>(requestLines().keySet()));
    }

    @Test
    void everyOperationThatARequestAsksForHasARow() {
        requestLines().forEach((request, asks) -> {
            if (!asks.startsWith("-")) {
                for (String ask : asks.split(", ")) {
                    String[] words = ask.split(" ");
                    assertTrue(
                            OperationTable.knows(AclOperation.valueOf(words[0]), ResourceType.valueOf(words[1])),
                            request + " asks for " + ask + ", which has no row");
                }
            }
        });
    }

    @Test
    void unforeseenOperationIsDenied() {
        assertTrue(row(ApiKeys.METADATA, AclOperation.ALL, ResourceType.TOPIC).denied());
        assertTrue(row(ApiKeys.METADATA, AclOperation.READ, ResourceType.CLUSTER).denied());
    }

    @Test
    void endingOthersTransactionsIsDeniedWhoeverAsks() {
        assertFalse(row(ApiKeys.UPDATE_FEATURES, AclOperation.ALTER, ResourceType.CLUSTER).denied());
        assertTrue(row(ApiKeys.WRITE_TXN_MARKERS, AclOperation.ALTER, ResourceType.CLUSTER).denied());
    }

    @Test
    void writingNeedsToSeeTheTopic() {
        OperationTable.Row row = row(ApiKeys.PRODUCE, AclOperation.WRITE, ResourceType.TOPIC);
        assertEquals(ClusterAction.WRITE_DATA, row.action());
        assertEquals(List.of(ClusterAction.DESCRIBE_TOPIC), row.alsoNeeds());
    }

    private static OperationTable.Row row(ApiKeys request, AclOperation operation, ResourceType type) {
        return OperationTable.row(request.id, operation, type);
    }

    private static Map<String, String> requestLines() {
        Properties lines = new Properties();
        try (Reader reader = new InputStreamReader(
                OperationTableTest.class.getResourceAsStream("/api-keys.properties"), StandardCharsets.UTF_8)) {
            lines.load(reader);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return lines.stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, lines::getProperty));
    }
}
