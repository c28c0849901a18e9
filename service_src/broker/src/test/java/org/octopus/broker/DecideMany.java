package org.octopus.broker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Decides requests that come in as JSON, each with its policy a line, and prints {@code true} or {@code false}. */
final class DecideMany {

    private static final Map<String, ClusterAction> ACTIONS = Arrays.stream(ClusterAction.values())
            .collect(Collectors.toMap(ClusterAction::text, Function.identity()));

    private DecideMany() {}

    public static void main(String[] arguments) throws IOException {
        ObjectMapper json = new ObjectMapper();
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream decisions = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            decisions.println(decide(json.readTree(line)));
        }
        decisions.flush();
    }

    private static boolean decide(JsonNode request) {
        return PolicyReader.read(request.path("layers"))
                .allows(
                        ACTIONS.get(request.path("action").asText()),
                        request.path("resource").asText(),
                        request.path("at_ms").asLong());
    }
}
