package org.octopus.broker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.config.ConfigException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the judge, over connections that are kept open. After several failures in a row it does not let Kafka's threads
 * wait for one more until a moment has passed; the refresh of policies goes on asking and so notices its return.
 */
final class JudgeClient {

    private static final Logger LOG = LoggerFactory.getLogger(JudgeClient.class);
    private static final int FAILURES_UNTIL_AWAY = 3;
    private static final long AWAY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final Duration REFRESH_TIMEOUT = Duration.ofSeconds(5);

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http;
    private final URI url;
    private final String authorization;
    private final Duration timeout;
    private final Counts counts;
    private int failures;
    private long lastFailureNanos;

    /**
     * Reads the judge's secret, and who signs its certificate, once.
     *
     * @throws ConfigException when a file cannot be read or is empty
     */
    JudgeClient(EnforcementSettings settings, Counts counts) {
        this.counts = counts;
        this.url = settings.judgeUrl();
        this.timeout = settings.judgeTimeout();
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(settings.judgeTimeout());
        settings.judgeCaFile().map(JudgeAuthority::trusting).ifPresent(builder::sslContext);
        this.http = builder.build();
        try {
            String secret = Files.readString(settings.judgeSecretFile()).strip();
            if (secret.isEmpty()) {
                throw new ConfigException("The file of " + EnforcementSettings.JUDGE_SECRET_FILE + " is empty");
            }
            this.authorization = "Bearer " + secret;
        } catch (IOException e) {
            throw new ConfigException(
                    EnforcementSettings.JUDGE_SECRET_FILE, settings.judgeSecretFile(), "cannot be read");
        }
    }

    /**
     * Who signed a token, and with which rights.
     *
     * @param hosts names of this broker that the token may be signed for; none when that is not the broker's to know
     * @throws JudgeAwayException when there is no answer in time
     */
    Verdict verify(String mechanism, String token, List<String> hosts) {
        refuseWhileAway();
        ObjectNode request = json.createObjectNode().put("mechanism", mechanism).put("token", token);
        if (!hosts.isEmpty()) {
            ArrayNode names = request.putArray("hosts");
            hosts.forEach(names::add);
        }
        JsonNode reply = post("/verify", request, timeout);
        try {
            Verdict verdict = JudgeReplies.verdict(reply);
            if (verdict instanceof Verdict.Unknown) {
                counts.add(Counts.Event.JUDGE_AWAY);
            }
            return verdict;
        } catch (IllegalArgumentException e) {
            counts.add(Counts.Event.JUDGE_AWAY);
            throw new JudgeAwayException("the judge's verdict is unreadable: " + e.getMessage());
        }
    }

    /**
     * One principal's policy, for a request that waits for it.
     *
     * @throws JudgeAwayException when there is no answer in time
     */
    List<PolicyReply> policyWhileWaiting(PolicyKey key) {
        refuseWhileAway();
        return policies(Map.of(key, ""), timeout);
    }

    /**
     * The policies of many principals, for the refresh in the background.
     *
     * @param versions the version held of each; the empty text when none is
     * @throws JudgeAwayException when there is no answer in time
     */
    List<PolicyReply> policies(Map<PolicyKey, String> versions) {
        return policies(versions, REFRESH_TIMEOUT);
    }

    private List<PolicyReply> policies(Map<PolicyKey, String> versions, Duration longest) {
        ObjectNode request = json.createObjectNode();
        ArrayNode principals = request.putArray("principals");
        versions.forEach((key, version) -> principals
                .addObject()
                .put("principal", key.principal())
                .put("access_key_id", key.accessKeyId())
                .put("version", version));
        List<PolicyReply> replies = new ArrayList<>();
        for (JsonNode policy : post("/policies", request, longest).path("policies")) {
            try {
                replies.add(JudgeReplies.policy(policy));
            } catch (IllegalArgumentException e) {
                // What is held of this principal ages, and the others are not held up by it.
                LOG.error("The judge's policy of {} is unreadable: {}", policy.path("principal"), e.getMessage());
            }
        }
        return replies;
    }

    private JsonNode post(String path, JsonNode body, Duration longest) {
        long deadline = System.nanoTime() + longest.toNanos();
        try {
            HttpRequest request = HttpRequest.newBuilder(url.resolve(url.getPath() + path))
                    .header("Authorization", authorization)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)))
                    .build();
            HttpResponse<byte[]> response = send(request, deadline);
            if (response.statusCode() != 200) {
                throw new IOException("status " + response.statusCode());
            }
            JsonNode reply = json.readTree(response.body());
            answered();
            return reply;
        } catch (IOException | TimeoutException e) {
            failed(e);
            throw new JudgeAwayException("the judge did not answer " + path + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JudgeAwayException("interrupted while the judge was asked", e);
        }
    }

    private HttpResponse<byte[]> send(HttpRequest request, long deadline)
            throws IOException, InterruptedException, TimeoutException {
        try {
            return sendOnce(request, deadline);
        } catch (ConnectException e) {
            throw e;
        } catch (IOException e) {
            // The judge may close an idle connection just as it is used; asking twice changes nothing there.
            return sendOnce(request, deadline);
        }
    }

    private HttpResponse<byte[]> sendOnce(HttpRequest request, long deadline)
            throws IOException, InterruptedException, TimeoutException {
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request, BodyHandlers.ofByteArray());
        try {
            return answer.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } finally {
            answer.cancel(true);
        }
    }

    private synchronized void refuseWhileAway() {
        if (failures >= FAILURES_UNTIL_AWAY && System.nanoTime() - lastFailureNanos < AWAY_NANOS) {
            counts.add(Counts.Event.JUDGE_AWAY);
            throw new JudgeAwayException("the judge is away");
        }
    }

    private synchronized void answered() {
        if (failures >= FAILURES_UNTIL_AWAY) {
            LOG.info("The judge is back");
        }
        failures = 0;
    }

    private synchronized void failed(Exception cause) {
        counts.add(Counts.Event.JUDGE_AWAY);
        failures++;
        lastFailureNanos = System.nanoTime();
        if (failures == FAILURES_UNTIL_AWAY) {
            LOG.error("The judge at {} is away ({}): no new connections, and held policies end at {} s",
                    url, cause.toString(), PolicyStore.MAX_AGE.toSeconds());
        }
    }
}
