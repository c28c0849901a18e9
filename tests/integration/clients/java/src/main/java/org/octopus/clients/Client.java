package org.octopus.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Kafka's own Java clients with AWS's login modules; answers requests, one JSON object a line. */
public final class Client {
    private static final ObjectMapper JSON = new ObjectMapper();

    private KafkaProducer<String, String> producer;
    private KafkaConsumer<String, String> consumer;

    private Client() {}

    /** Answer until standard input ends. */
    public static void main(String[] arguments) throws IOException {
        Client client = new Client();
        PrintStream replies = System.out;
        // Nothing but replies stands there, whatever a thread of a tool may still print.
        System.setOut(System.err);
        var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            replies.println(JSON.writeValueAsString(client.reply(JSON.readTree(line))));
        }
        // Threads of a client that a test has left open must not outlive it.
        Runtime.getRuntime().halt(0);
    }

    private Map<String, Object> reply(JsonNode request) {
        try {
            Object result = answer(request);
            return result == null ? Map.of() : Map.of("result", result);
        } catch (Exception e) {
            Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
            return Map.of("error", cause.getClass().getSimpleName(), "text", String.valueOf(cause.getMessage()));
        }
    }

    private Object answer(JsonNode request) throws Exception {
        switch (request.get("do").asText()) {
            case "open_producer" -> openProducer(request);
            case "send" -> send(request);
            case "begin" -> producer.beginTransaction();
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            case "close_producer" -> closeProducer();
            case "open_consumer" -> openConsumer(request);
            case "poll" -> {
                return poll(request);
            }
            case "commit_offsets" -> consumer.commitSync();
            case "close_consumer" -> closeConsumer();
            case "settings" -> {
                return Settings.of(request.get("profile").asText());
            }
            case "run_tool" -> {
                return Tools.run(request);
            }
            default -> throw new IllegalArgumentException("unknown request: " + request.get("do"));
        }
        return null;
    }

    private void openProducer(JsonNode request) {
        Map<String, Object> settings = Settings.of(request.get("profile").asText());
        settings.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        settings.put("max.block.ms", request.get("patience_s").asLong() * 1000);
        boolean transactional = request.hasNonNull("transactional_id");
        if (transactional) {
            settings.put("transactional.id", request.get("transactional_id").asText());
        }
        producer = new KafkaProducer<>(settings);
        if (transactional) {
            producer.initTransactions();
        }
    }

    private void send(JsonNode request) throws ExecutionException, InterruptedException {
        List<Future<?>> sent = new ArrayList<>();
        for (JsonNode value : request.get("values")) {
            Future<?> future = producer.send(new ProducerRecord<>(request.get("topic").asText(), value.asText()));
            if (future.isDone()) {
                // Refused at once; so would all the others be, each after a try of its own.
                future.get();
            }
            sent.add(future);
        }
        for (Future<?> future : sent) {
            future.get();
        }
    }

    private void closeProducer() {
        if (producer != null) {
            producer.close(Duration.ofSeconds(5));
        }
        producer = null;
    }

    private void openConsumer(JsonNode request) {
        Map<String, Object> settings = Settings.of(request.get("profile").asText());
        int wait = request.path("max_wait_ms").asInt(500);
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        settings.put("group.id", request.get("group").asText());
        settings.put("group.protocol", request.path("protocol").asText("classic"));
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", false);
        settings.put("isolation.level", "read_committed");
        settings.put("fetch.max.wait.ms", wait);
        settings.put("request.timeout.ms", Math.max(30_000, wait + 1_000));
        consumer = new KafkaConsumer<>(settings);
        consumer.subscribe(List.of(request.get("topic").asText()));
    }

    /** Partition, offset and value of the records that come in time; the first ones end the wait. */
    private List<List<Object>> poll(JsonNode request) {
        List<List<Object>> seen = new ArrayList<>();
        consumer.poll(Duration.ofMillis((long) (request.get("seconds").asDouble() * 1000)))
                .forEach(record -> seen.add(List.of(record.partition(), record.offset(), record.value())));
        return seen;
    }

    private void closeConsumer() {
        if (consumer != null) {
            consumer.close();
        }
        consumer = null;
    }
}
