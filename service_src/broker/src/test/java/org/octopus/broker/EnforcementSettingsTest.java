package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnforcementSettingsTest {

    @Test
    void whatIsNotSaidHasADefault() {
        EnforcementSettings settings = EnforcementSettings.from(configs());
        assertEquals("octopus-broker", settings.internalPrincipal());
        assertEquals(Duration.ofMillis(300), settings.judgeTimeout());
        assertEquals(Set.of("INTERNAL", "CONTROLLER"), settings.internalListeners());
        assertEquals(0, settings.metricsPort());
    }

    @ParameterizedTest
    @ValueSource(strings = {"octopus.judge.url", "octopus.judge.secret.file", "octopus.cluster.arn"})
    void whatHasNoDefaultMustBeSaid(String key) {
        Map<String, Object> configs = configs();
        configs.remove(key);
        assertThrows(ConfigException.class, () -> EnforcementSettings.from(configs));
    }

    @ParameterizedTest
    @CsvSource({
        "octopus.judge.url, ftp://127.0.0.1",
        "octopus.judge.url, http://192.0.2.1:8201",
        "octopus.judge.url, nowhere",
        "octopus.cluster.arn, octopus-test",
        "octopus.cluster.arn, arn:aws:kafka:us-east-1:000000000000:topic/octopus-test/u-1",
        "octopus.judge.timeout.ms, 0",
        "octopus.judge.timeout.ms, soon",
        "octopus.metrics.port, -1",
        "octopus.metrics.port, 65536",
        "octopus.metrics.port, some",
        "advertised.listeners, nowhere",
    })
    void wrongValueEndsTheStart(String key, String value) {
        Map<String, Object> configs = configs();
        configs.put(key, value);
        assertThrows(ConfigException.class, () -> EnforcementSettings.from(configs));
    }

    @Test
    void judgeOverTlsMayBeElsewhere() {
        Map<String, Object> configs = configs();
        configs.put("octopus.judge.url", "https://judge.example.org/");
        assertEquals("https://judge.example.org", EnforcementSettings.from(configs).judgeUrl().toString());
    }

    @Test
    void clientsMaySignForWhereTheyAreToldToConnect() {
        Map<String, Object> configs = configs();
        configs.put("advertised.listeners", "CLIENT://Kafka.Example.org:9098,INTERNAL://inner:1,CONTROLLER://[::2]:2");
        assertEquals(List.of("kafka.example.org"), EnforcementSettings.from(configs).brokerHosts());
        configs.put("octopus.broker.hosts", "bootstrap.example.org, other.example.org");
        assertEquals(
                List.of("bootstrap.example.org", "kafka.example.org", "other.example.org"),
                EnforcementSettings.from(configs).brokerHosts());
    }

    @Test
    void loopbackIsSignedForByItsName() {
        Map<String, Object> configs = configs();
        configs.put("advertised.listeners", List.of("CLIENT://127.0.0.1:9098", "SECOND://[2001:db8::1]:9099"));
        assertEquals(
                List.of("127.0.0.1", "2001:db8::1", "localhost"),
                EnforcementSettings.from(configs).brokerHosts());
    }

    @Test
    void whoAdvertisesNothingIsReachedWhereItListens() {
        Map<String, Object> configs = configs();
        configs.put("listeners", "CLIENT://kafka.example.org:9098,INTERNAL://127.0.0.1:1");
        assertEquals(List.of("kafka.example.org"), EnforcementSettings.from(configs).brokerHosts());
    }

    private static Map<String, Object> configs() {
        Map<String, Object> configs = new HashMap<>();
        configs.put("octopus.judge.url", "http://127.0.0.1:8201");
        configs.put("octopus.judge.secret.file", "/nowhere/secret");
        configs.put("octopus.cluster.arn", JudgeDouble.CLUSTER_ARN);
        configs.put("inter.broker.listener.name", "INTERNAL");
        configs.put("controller.listener.names", List.of("CONTROLLER"));
        return configs;
    }
}
