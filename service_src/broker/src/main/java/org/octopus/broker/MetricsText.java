package org.octopus.broker;

/**
 * A node's metrics in Prometheus' text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
final class MetricsText {

    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private MetricsText() {}

    /** All of them as of now; no line names a principal, a key or a resource. */
    static String of(Counts counts, long policiesHeld) {
        StringBuilder text = new StringBuilder();
        for (Counts.Event event : Counts.Event.values()) {
            append(text, event.plural() + "_total", event.about(), "counter", counts.of(event));
        }
        append(text, "policies_held", "principals whose policies the plugin holds", "gauge", policiesHeld);
        return text.toString();
    }

    private static void append(StringBuilder text, String name, String about, String type, long value) {
        String full = "octopus_broker_" + name;
        text.append("# HELP ").append(full).append(' ').append(about).append('\n');
        text.append("# TYPE ").append(full).append(' ').append(type).append('\n');
        text.append(full).append(' ').append(value).append('\n');
    }
}
