package org.octopus.broker;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigException;

/** The names of this broker that a client of SASL/AWS_MSK_IAM may sign for: a token for another's is no use here. */
final class BrokerHosts {

    private static final Pattern ENDPOINT = Pattern.compile("([^:]+)://\\[?([^\\]]*?)\\]?:-?\\d+");
    private static final Pattern LOOPBACK = Pattern.compile("127\\.[0-9.]+|::1|0:0:0:0:0:0:0:1");

    private BrokerHosts() {}

    /**
     * Where the listeners that are not internal tell clients to connect, and what {@code octopus.broker.hosts} adds;
     * lower case, in order.
     *
     * @throws ConfigException when an address cannot be read
     */
    static List<String> of(Map<String, ?> configs, Set<String> internalListeners) {
        List<String> advertised = EnforcementSettings.list(configs, "advertised.listeners");
        Set<String> hosts = new TreeSet<>();
        for (String address : advertised.isEmpty() ? EnforcementSettings.list(configs, "listeners") : advertised) {
            Matcher endpoint = ENDPOINT.matcher(address);
            if (!endpoint.matches()) {
                throw new ConfigException("advertised.listeners", address, "not LISTENER://host:port");
            }
            if (!internalListeners.contains(endpoint.group(1))) {
                add(hosts, endpoint.group(2));
            }
        }
        EnforcementSettings.list(configs, EnforcementSettings.BROKER_HOSTS).forEach(host -> add(hosts, host));
        return List.copyOf(hosts);
    }

    private static void add(Set<String> hosts, String host) {
        if (!host.isEmpty()) {
            hosts.add(host.toLowerCase(Locale.ROOT));
        }
        // Java's client signs for the name that its machine gives the address.
        if (LOOPBACK.matcher(host).matches()) {
            hosts.add("localhost");
        }
    }
}
