package org.octopus.broker.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.SimpleRecord;

/**
 * Kafka's messages from and to JSON, by the converters that Kafka generates for its own logs. They want every field of
 * a message; here those that are not given have the default of Kafka's specification, which its jar holds.
 */
final class Messages {

    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonParser.Feature.ALLOW_COMMENTS).build();

    private Messages() {}

    /** The response as JSON. */
    static JsonNode write(ApiMessage message, short version) {
        return written(message.getClass(), message, version);
    }

    /**
     * A request of the fields that {@code given} holds.
     *
     * @throws IllegalArgumentException a field is not one of the request's
     */
    static ApiMessage read(ApiMessage empty, JsonNode given, short version) throws IOException {
        Class<?> message = empty.getClass();
        String name = message.getSimpleName().replaceFirst("Data$", "");
        JsonNode specification;
        try (InputStream in = message.getResourceAsStream("/common/message/" + name + ".json")) {
            specification = JSON.readTree(in);
        }
        Map<String, JsonNode> common = new HashMap<>();
        specification
                .path("commonStructs")
                .forEach(each -> common.put(each.path("name").asText(), each.path("fields")));
        JsonNode complete = new Completion(message, common, version).of(message, specification.path("fields"), given);
        return (ApiMessage) call(
                converter(message), "read", new Class<?>[] {JsonNode.class, short.class}, complete, version);
    }

    /** Fills in what a message's JSON does not say. */
    private record Completion(Class<?> message, Map<String, JsonNode> common, short version) {

        JsonNode of(Class<?> type, JsonNode fields, JsonNode given) {
            ObjectNode complete = (ObjectNode) written(type, newOf(type), version);
            given.properties().forEach(field -> {
                JsonNode specification = specification(fields, field.getKey(), type);
                complete.set(field.getKey(), value(specification, field.getValue()));
            });
            return complete;
        }

        private JsonNode value(JsonNode specification, JsonNode given) {
            String type = specification.path("type").asText();
            if (type.equals("records") && given.isObject()) {
                return records(given);
            }
            String element = type.replaceFirst("^\\[\\]", "");
            JsonNode fields = specification.has("fields") ? specification.path("fields") : common.get(element);
            if (fields == null || given.isNull()) {
                return given;
            }
            Class<?> struct = struct(element);
            if (!given.isArray()) {
                return of(struct, fields, given);
            }
            ArrayNode complete = JSON.createArrayNode();
            given.forEach(each -> complete.add(of(struct, fields, each)));
            return complete;
        }

        private Class<?> struct(String name) {
            return named(message.getName() + "$" + name);
        }
    }

    private static JsonNode specification(JsonNode fields, String name, Class<?> type) {
        for (JsonNode field : fields) {
            if (field.path("name").asText().equalsIgnoreCase(name)) {
                return field;
            }
        }
        throw new IllegalArgumentException(type.getSimpleName() + " has no field " + name);
    }

    /** A batch, written in requests as {@code {"values": [text, ...], "transactional": bool}}. */
    private static JsonNode records(JsonNode given) {
        SimpleRecord[] records = new SimpleRecord[given.path("values").size()];
        for (int i = 0; i < records.length; i++) {
            records[i] = new SimpleRecord(given.path("values").path(i).asText().getBytes(StandardCharsets.UTF_8));
        }
        MemoryRecords batch = given.path("transactional").asBoolean()
                ? MemoryRecords.withTransactionalRecords(Compression.NONE, 0, (short) 0, 0, records)
                : MemoryRecords.withRecords(Compression.NONE, records);
        byte[] bytes = new byte[batch.sizeInBytes()];
        batch.buffer().get(bytes);
        return BinaryNode.valueOf(bytes);
    }

    private static JsonNode written(Class<?> type, Object message, short version) {
        return (JsonNode) call(converter(type), "write", new Class<?>[] {type, short.class}, message, version);
    }

    /** Of a message or of one of its structures: {@code FetchRequestDataJsonConverter$FetchTopicJsonConverter}. */
    private static Class<?> converter(Class<?> type) {
        Class<?> message = type.getDeclaringClass();
        return message == null
                ? named(type.getName() + "JsonConverter")
                : named(message.getName() + "JsonConverter$" + type.getSimpleName() + "JsonConverter");
    }

    private static Class<?> named(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object newOf(Class<?> type) {
        try {
            return type.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object call(Class<?> type, String method, Class<?>[] parameters, Object... arguments) {
        try {
            return type.getMethod(method, parameters).invoke(null, arguments);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
