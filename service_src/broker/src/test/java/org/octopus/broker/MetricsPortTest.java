package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetricsPortTest {

    private final StringBuilder text = new StringBuilder("one 1\n");
    private final Set<Thread> before = Thread.getAllStackTraces().keySet();
    private int port;
    private MetricsPort metrics;

    @BeforeEach
    void open() throws IOException {
        port = freePort();
        metrics = new MetricsPort(port, text::toString);
    }

    @AfterEach
    void close() {
        metrics.close();
    }

    @Test
    void textIsServedAsItIsAtEachRequest() throws Exception {
        assertEquals("one 1\n", get(port, "/metrics").body());
        text.append("two 2\n");
        HttpResponse<String> answer = get(port, "/metrics");
        assertEquals("one 1\ntwo 2\n", answer.body());
        assertEquals(
                "text/plain; version=0.0.4; charset=utf-8", answer.headers().firstValue("Content-Type").orElse(""));
    }

    @Test
    void nothingElseIsAnswered() throws Exception {
        assertEquals(404, get(port, "/").statusCode());
        assertEquals(404, get(port, "/metrics/more").statusCode());
        HttpRequest.Builder post = HttpRequest.newBuilder(uri(port, "/metrics")).POST(BodyPublishers.ofString("x"));
        assertEquals(405, send(post).statusCode());
    }

    @Test
    void itsThreadsKeepNoNodeFromEnding() throws Exception {
        get(port, "/metrics");
        Set<Thread> started = new HashSet<>(Thread.getAllStackTraces().keySet());
        started.removeAll(before);
        assertFalse(started.isEmpty());
        assertTrue(started.stream().allMatch(Thread::isDaemon), started.toString());
    }

    @Test
    void portOfSomebodyElseEndsTheStart() {
        ConfigException refused = assertThrows(ConfigException.class, () -> new MetricsPort(port, () -> ""));
        assertTrue(refused.getMessage().contains(EnforcementSettings.METRICS_PORT), refused.getMessage());
    }

    /** A port that nobody listens on. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(port, path)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private static URI uri(int port, String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }
}
