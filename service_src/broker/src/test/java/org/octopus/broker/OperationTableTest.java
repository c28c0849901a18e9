package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.security.authorizer.AclEntry;
import org.junit.jupiter.api.Test;

class OperationTableTest {

    /** The one that docs/operations.md is made from, and that tests on a real broker hold true. */
    private static final JsonNode TABLE = table();

    private static final Set<ResourceType> NOT_CONCRETE = Set.of(ResourceType.UNKNOWN, ResourceType.ANY);

    @Test
    void everyOperationThatKafkaSupportsHasARow() {
        for (ResourceType type : ResourceType.values()) {
            if (NOT_CONCRETE.contains(type)) {
                continue;
            }
            for (AclOperation operation : AclEntry.supportedOperations(type)) {
                String name = operation + " " + type;
                assertTrue(OperationTable.knows(operation, type), name);
                assertTrue(TABLE.path("operations").has(name), name);
            }
        }
    }

    @Test
    void everyRequestOfKafkaIsInTheTable() {
        Set<String> written = new TreeSet<>();
        TABLE.path("requests").forEach(section -> section.fieldNames().forEachRemaining(written::add));
        Set<String> known = Stream.of(ApiKeys.values()).map(Enum::name).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(known, written);
    }

    @Test
    void everyOperationIsAnsweredAsTheTableSays() {
        TABLE.path("operations").properties().forEach(written -> {
            String[] ask = written.getKey().split(" ");
            OperationTable.Row row = row(ApiKeys.METADATA, AclOperation.valueOf(ask[0]), ResourceType.valueOf(ask[1]));
            JsonNode answer = written.getValue();
            assertEquals(answer.has("denied"), row.denied(), written.getKey());
            if (!row.denied()) {
                assertEquals(action(answer.path("action")), row.action().text());
                assertEquals(
                        StreamSupport.stream(answer.path("also_needs").spliterator(), false)
                                .map(OperationTableTest::action)
                                .toList(),
                        row.alsoNeeds().stream().map(ClusterAction::text).toList());
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

    private static String action(JsonNode name) {
        return "kafka-cluster:" + name.asText();
    }

    private static JsonNode table() {
        try (InputStream in = OperationTableTest.class.getResourceAsStream("/operations.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
