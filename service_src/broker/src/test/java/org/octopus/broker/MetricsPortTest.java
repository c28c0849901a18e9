package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    void portOfSomebodyElseIsNotHad() {
        assertThrows(BindException.class, () -> new MetricsPort(port, () -> ""));
    }

    @Test
    void requestsThatNeverEndKeepNobodyElseOut() throws Exception {
        int other = freePort();
        List<Socket> halves = new ArrayList<>();
        try (MetricsPort bounded = new MetricsPort(other, text::toString, Duration.ofMillis(200))) {
            for (int i = 0; i < 4; i++) {
                Socket half = new Socket(InetAddress.getLoopbackAddress(), bounded.port());
                halves.add(half);
                half.getOutputStream().write("GET /metr".getBytes(StandardCharsets.US_ASCII));
            }
            assertEquals("one 1\n", get(other, "/metrics").body());
            assertEquals("one 1\n", get(other, "/metrics").body(), "its threads go on");
        } finally {
            for (Socket half : halves) {
                half.close();
            }
        }
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
        return HttpClient.newHttpClient()
                .send(request.timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
    }

    private static URI uri(int port, String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }
}
