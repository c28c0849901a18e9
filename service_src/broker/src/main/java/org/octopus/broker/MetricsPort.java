package org.octopus.broker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Serves {@code GET /metrics} on loopback, on threads of its own that never keep a node from ending. */
final class MetricsPort implements AutoCloseable {

    private static final String PATH = "/metrics";
    private static final int THREADS = 2;
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(5);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, MetricsPort::daemon);
    private final ScheduledExecutorService limits = Executors.newSingleThreadScheduledExecutor(MetricsPort::daemon);

    /**
     * Listens until it is closed.
     *
     * @param text what is served, as of the moment of each request
     * @throws IOException when somebody else listens there
     */
    MetricsPort(int port, Supplier<String> text) throws IOException {
        this(port, text, LONGEST_REQUEST);
    }

    /** With another time within which a request has to come and to be answered. */
    MetricsPort(int port, Supplier<String> text, Duration longestRequest) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(request -> threads.execute(() -> within(longestRequest, request)));
        server.createContext("/", exchange -> answer(exchange, text));
        // The server's own thread is a daemon when the thread that starts it is one.
        CompletableFuture.runAsync(server::start, threads).join();
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        limits.shutdownNow();
    }

    /** Whoever never ends a request would hold a thread for good: an interrupt closes the connection. */
    private void within(Duration longest, Runnable request) {
        FutureTask<Void> bounded = new FutureTask<>(request, null);
        Future<?> end = limits.schedule(() -> bounded.cancel(true), longest.toMillis(), TimeUnit.MILLISECONDS);
        bounded.run();
        end.cancel(false);
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "octopus-metrics");
        thread.setDaemon(true);
        return thread;
    }

    private static void answer(HttpExchange exchange, Supplier<String> text) throws IOException {
        try (exchange) {
            if (!exchange.getRequestURI().getPath().equals(PATH)) {
                exchange.sendResponseHeaders(404, -1);
            } else if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                exchange.sendResponseHeaders(405, -1);
            } else {
                byte[] body = text.get().getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", MetricsText.CONTENT_TYPE);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        }
    }
}
