package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The broker decides as the judge does: both are held to the same list of decisions. */
class DecisionsTest {

    @ParameterizedTest
    @MethodSource("decisions")
    void decisionIsTheOneOfTheList(JsonNode decision) {
        ClusterAction action = Arrays.stream(ClusterAction.values())
                .filter(candidate -> candidate.text().equals(decision.path("action").asText()))
                .findFirst()
                .orElseThrow();
        boolean allowed = PolicyReader.read(decision.path("layers"))
                .allows(action, decision.path("resource").asText(), decision.path("at_ms").asLong());
        assertEquals(decision.path("allowed").asBoolean(), allowed, decision.path("because").asText());
    }

    static Stream<JsonNode> decisions() throws IOException {
        JsonNode list = new ObjectMapper().readTree(DecisionsTest.class.getResource("/decisions.json"));
        return StreamSupport.stream(list.spliterator(), false);
    }
}
