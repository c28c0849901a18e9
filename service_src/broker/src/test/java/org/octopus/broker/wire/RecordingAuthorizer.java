package org.octopus.broker.wire;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.octopus.broker.WrappedAuthorizer;

/**
 * The authorizer as it ships, and a record of every question that Kafka asks it, those included which the audit leaves
 * out: one JSON object a line, in the file that {@code test.questions.file} names.
 */
public final class RecordingAuthorizer extends WrappedAuthorizer {

    private final ObjectMapper json = new ObjectMapper();
    private Writer questions;

    @Override
    public void configure(Map<String, ?> configs) {
        super.configure(configs);
        Path file = Path.of((String) configs.get("test.questions.file"));
        try {
            questions = Files.newBufferedWriter(
                    file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        List<AuthorizationResult> results = super.authorize(context, actions);
        for (int i = 0; i < results.size(); i++) {
            Action action = actions.get(i);
            ObjectNode question = question(context)
                    .put("operation", action.operation().name())
                    .put("resource", action.resourcePattern().resourceType().name())
                    .put("name", action.resourcePattern().name())
                    .put("allowed", results.get(i) == AuthorizationResult.ALLOWED)
                    .put("logged_if_allowed", action.logIfAllowed())
                    .put("logged_if_denied", action.logIfDenied());
            write(question);
        }
        return results;
    }

    @Override
    public void close() throws IOException {
        super.close();
        if (questions != null) {
            questions.close();
        }
    }

    private ObjectNode question(AuthorizableRequestContext context) {
        return json.createObjectNode()
                .put("principal", context.principal().getName())
                .put("listener", context.listenerName())
                .put("request", ApiKeys.forId(context.requestType()).name());
    }

    private void write(ObjectNode question) {
        try {
            synchronized (questions) {
                questions.write(json.writeValueAsString(question) + "\n");
                questions.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
