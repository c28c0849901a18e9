package org.octopus.broker;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigException;

/**
 * What the plugin reads from {@code server.properties}.
 *
 * @param judgeUrl where the judge listens; plain HTTP only on loopback
 * @param judgeSecretFile file that holds the judge's secret
 * @param judgeCaFile PEM certificates of who signs the judge's; nothing when Java's own authorities do
 * @param clusterArn ARN that policies name this cluster by
 * @param internalPrincipal user of the inner listeners that brokers and controllers are among themselves
 * @param internalListeners listeners on which that user is known
 * @param brokerHosts names of this broker that a client may sign for: where clients are told to connect, and what an
 *     operator adds
 * @param judgeTimeout longest wait for an answer while a Kafka thread is blocked
 * @param outstandingVerifies most tokens that may be under judgement at once
 * @param metricsPort where on loopback the node's metrics are read; 0 for nowhere
 */
record EnforcementSettings(
        URI judgeUrl,
        Path judgeSecretFile,
        Optional<Path> judgeCaFile,
        String clusterArn,
        String internalPrincipal,
        Set<String> internalListeners,
        List<String> brokerHosts,
        Duration judgeTimeout,
        int outstandingVerifies,
        int metricsPort) {

    static final String JUDGE_URL = "octopus.judge.url";
    static final String JUDGE_SECRET_FILE = "octopus.judge.secret.file";
    static final String JUDGE_CA_FILE = "octopus.judge.ca.file";
    static final String JUDGE_TIMEOUT_MS = "octopus.judge.timeout.ms";
    static final String JUDGE_OUTSTANDING = "octopus.judge.outstanding";
    static final String METRICS_PORT = "octopus.metrics.port";
    static final String BROKER_HOSTS = "octopus.broker.hosts";
    static final String CLUSTER_ARN = "octopus.cluster.arn";
    static final String INTERNAL_PRINCIPAL = "octopus.internal.principal";
    static final String DEFAULT_INTERNAL_PRINCIPAL = "octopus-broker";

    private static final int HIGHEST_PORT = 65535;

    /**
     * Reads the settings.
     *
     * @throws ConfigException when one is missing or wrong
     */
    static EnforcementSettings from(Map<String, ?> configs) {
        String arn = required(configs, CLUSTER_ARN);
        if (!arn.matches("arn:[^:]+:kafka:[^:]+:[^:]+:cluster/[^/]+/[^/]+")) {
            throw new ConfigException(CLUSTER_ARN, arn, "not the ARN of a Kafka cluster");
        }
        return new EnforcementSettings(
                judgeUrl(required(configs, JUDGE_URL)),
                Path.of(required(configs, JUDGE_SECRET_FILE)),
                Optional.ofNullable(text(configs, JUDGE_CA_FILE)).map(Path::of),
                arn,
                internalPrincipal(configs),
                internalListeners(configs),
                BrokerHosts.of(configs, internalListeners(configs)),
                Duration.ofMillis(positive(configs, JUDGE_TIMEOUT_MS, 300)),
                positive(configs, JUDGE_OUTSTANDING, 3),
                portOrNone(configs, METRICS_PORT));
    }

    /** The user of the inner listeners that brokers and controllers are among themselves. */
    static String internalPrincipal(Map<String, ?> configs) {
        String name = text(configs, INTERNAL_PRINCIPAL);
        return name == null ? DEFAULT_INTERNAL_PRINCIPAL : name;
    }

    /** The listeners that only brokers and controllers may use, as this node's own configuration names them. */
    static Set<String> internalListeners(Map<String, ?> configs) {
        Set<String> names = new HashSet<>();
        for (String key : List.of("inter.broker.listener.name", "controller.listener.names")) {
            names.addAll(list(configs, key));
        }
        return Set.copyOf(names);
    }

    /** A list, which Kafka hands over as one or as the text that stands in the file; empty when there is none. */
    static List<String> list(Map<String, ?> configs, String key) {
        Object value = configs.get(key);
        Stream<?> items = value instanceof Collection<?> list
                ? list.stream()
                : value == null ? Stream.empty() : Arrays.stream(value.toString().split(","));
        return items.map(item -> item.toString().trim()).filter(item -> !item.isEmpty()).toList();
    }

    private static URI judgeUrl(String value) {
        try {
            URI url = URI.create(value.endsWith("/") ? value.substring(0, value.length() - 1) : value);
            boolean plain = "http".equals(url.getScheme());
            if (url.getHost() == null || !(plain || "https".equals(url.getScheme()))) {
                throw new ConfigException(JUDGE_URL, value, "not an http or https address");
            }
            if (plain && !InetAddress.getByName(url.getHost()).isLoopbackAddress()) {
                throw new ConfigException(JUDGE_URL, value, "plain http is for loopback alone: tokens cross it");
            }
            return url;
        } catch (IllegalArgumentException | UnknownHostException e) {
            throw new ConfigException(JUDGE_URL, value, e.getMessage());
        }
    }

    private static int positive(Map<String, ?> configs, String key, int otherwise) {
        int number = number(configs, key, otherwise);
        if (number <= 0) {
            throw new ConfigException(key, number, "must be above 0");
        }
        return number;
    }

    private static int portOrNone(Map<String, ?> configs, String key) {
        int number = number(configs, key, 0);
        if (number < 0 || number > HIGHEST_PORT) {
            throw new ConfigException(key, number, "not a port, nor 0 for none");
        }
        return number;
    }

    private static int number(Map<String, ?> configs, String key, int otherwise) {
        String value = text(configs, key);
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new ConfigException(key, value, "not a number");
        }
    }

    private static String required(Map<String, ?> configs, String key) {
        String value = text(configs, key);
        if (value == null) {
            throw new ConfigException("Missing required configuration \"" + key + "\"");
        }
        return value;
    }

    private static String text(Map<String, ?> configs, String key) {
        Object value = configs.get(key);
        return value == null || value.toString().isBlank() ? null : value.toString().trim();
    }
}
