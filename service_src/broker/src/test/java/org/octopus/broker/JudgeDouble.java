package org.octopus.broker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A judge that says what a test tells it to. */
final class JudgeDouble implements AutoCloseable {

    static final String SECRET = "s3cret";
    static final String CLUSTER_ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/octopus-test/u-1";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, String> replies = new ConcurrentHashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<String> authorizations = new CopyOnWriteArrayList<>();
    volatile int status = 200;
    volatile long delayMs;

    JudgeDouble() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    void reply(String path, String json) {
        replies.put(path, json.replace('\'', '"'));
    }

    /** Settings of a plugin that waits long for this judge, as a test's machine may be busy. */
    EnforcementSettings settings(Path folder) throws IOException {
        return settings(folder, Duration.ofSeconds(30));
    }

    EnforcementSettings settings(Path folder, Duration timeout) throws IOException {
        Path secret = folder.resolve("secret");
        Files.writeString(secret, SECRET + "\n");
        return new EnforcementSettings(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                secret,
                Optional.empty(),
                CLUSTER_ARN,
                "octopus-broker",
                Set.of("INTERNAL", "CONTROLLER"),
                List.of("broker.example.org"),
                timeout,
                1,
                0);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
        try {
            Thread.sleep(delayMs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        byte[] body = replies.getOrDefault(exchange.getRequestURI().getPath(), "{}").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
