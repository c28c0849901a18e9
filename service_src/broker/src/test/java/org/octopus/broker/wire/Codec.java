package org.octopus.broker.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.requests.RequestUtils;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * Kafka's own codec of every request and response, for tests that are not written in Java: a process that answers each
 * line of standard input, a JSON object, with one of standard output.
 *
 * <ul>
 *   <li>{@code {}} lists the requests and the error codes that this Kafka knows.
 *   <li>{@code {"request", "version"?, "body"}} answers {@code {"version", "bytes"}}: header and body, without the size
 *       before them. The latest stable version when none is named.
 *   <li>{@code {"response", "version", "bytes"}} answers {@code {"body"}}.
 * </ul>
 *
 * What cannot be done is answered with {@code {"error"}}.
 */
public final class Codec {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CORRELATION_ID = 7;
    private static final String CLIENT_ID = "test";
    /** Of requests that this Kafka has no versions of any more; every node can read it. */
    private static final short FIRST_HEADER_WITH_CLIENT_ID = 1;

    private Codec() {}

    /** Answers until standard input ends. */
    public static void main(String[] arguments) throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            System.out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
        }
    }

    private static JsonNode answer(JsonNode command) {
        try {
            if (command.has("request")) {
                return encoded(command);
            }
            return command.has("response") ? decoded(command) : known();
        } catch (RuntimeException | IOException e) {
            return JSON.createObjectNode().put("error", e.toString());
        }
    }

    private static JsonNode known() {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode requests = answer.putArray("requests");
        Stream.of(ApiKeys.values()).forEach(api -> {
            ArrayNode listeners =
                    requests.addObject().put("name", api.name()).put("id", api.id).putArray("listeners");
            api.messageType.listeners().forEach(listener -> listeners.add(listener.name()));
        });
        ObjectNode errors = answer.putObject("errors");
        Stream.of(Errors.values()).forEach(error -> errors.put(String.valueOf(error.code()), error.name()));
        return answer;
    }

    private static JsonNode encoded(JsonNode command) throws IOException {
        ApiKeys api = ApiKeys.valueOf(command.path("request").asText());
        if (api.allVersions().isEmpty()) {
            return answer((short) 0, bodiless(header(api, (short) 0)));
        }
        short version = command.has("version") ? (short) command.path("version").asInt() : api.latestVersion(false);
        ApiMessage body = Messages.read(api.messageType.newRequest(), command.path("body"), version);
        return answer(
                version, RequestUtils.serialize(header(api, version), api.requestHeaderVersion(version), body, version));
    }

    private static ByteBuffer bodiless(RequestHeaderData header) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer bytes = ByteBuffer.allocate(header.size(cache, FIRST_HEADER_WITH_CLIENT_ID));
        header.write(new ByteBufferAccessor(bytes), cache, FIRST_HEADER_WITH_CLIENT_ID);
        return bytes.flip();
    }

    private static RequestHeaderData header(ApiKeys api, short version) {
        return new RequestHeaderData()
                .setRequestApiKey(api.id)
                .setRequestApiVersion(version)
                .setCorrelationId(CORRELATION_ID)
                .setClientId(CLIENT_ID);
    }

    private static JsonNode answer(short version, ByteBuffer bytes) {
        byte[] message = new byte[bytes.remaining()];
        bytes.get(message);
        return JSON.createObjectNode().put("version", version).put("bytes", message);
    }

    private static JsonNode decoded(JsonNode command) throws IOException {
        ApiKeys api = ApiKeys.valueOf(command.path("response").asText());
        short version = (short) command.path("version").asInt();
        ByteBuffer bytes = ByteBuffer.wrap(command.path("bytes").binaryValue());
        ResponseHeader.parse(bytes, api.responseHeaderVersion(version));
        ApiMessage body = api.messageType.newResponse();
        body.read(new ByteBufferAccessor(bytes), version);
        return JSON.createObjectNode().set("body", Messages.write(body, version));
    }
}
