package org.octopus.broker;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads the judge's normalised policies. Whatever is not understood makes the whole policy unreadable: fail closed. */
final class PolicyReader {

    private PolicyReader() {}

    /**
     * Reads {@code layers} of a policy.
     *
     * @throws IllegalArgumentException when any part of it is not as agreed
     */
    static Policy read(JsonNode layers) {
        require(layers.isArray(), "layers is not a list");
        List<List<Rule>> read = new ArrayList<>();
        for (JsonNode layer : layers) {
            require(layer.isArray(), "a layer is not a list");
            List<Rule> rules = new ArrayList<>();
            for (JsonNode rule : layer) {
                rules.add(rule(rule));
            }
            read.add(List.copyOf(rules));
        }
        return new Policy(List.copyOf(read));
    }

    private static Rule rule(JsonNode node) {
        String effect = node.path("effect").asText();
        require(effect.equals("allow") || effect.equals("deny"), "effect is neither allow nor deny");
        boolean actionsExcepted = excepted(node, "actions", "not_actions");
        boolean resourcesExcepted = excepted(node, "resources", "not_resources");
        List<WildcardPattern> actions = patterns(node.get(actionsExcepted ? "not_actions" : "actions"), true);
        List<WildcardPattern> resources =
                patterns(node.get(resourcesExcepted ? "not_resources" : "resources"), false);
        return new Rule(
                effect.equals("allow"),
                actionsMeant(actions, actionsExcepted),
                resources,
                resourcesExcepted,
                conditions(node.path("conditions")));
    }

    /** Which of the two forms is given; exactly one must be. */
    private static boolean excepted(JsonNode node, String plain, String negated) {
        require(node.hasNonNull(plain) != node.hasNonNull(negated), "needs either " + plain + " or " + negated);
        return node.hasNonNull(negated);
    }

    private static Set<ClusterAction> actionsMeant(List<WildcardPattern> patterns, boolean excepted) {
        Set<ClusterAction> meant = EnumSet.noneOf(ClusterAction.class);
        for (ClusterAction action : ClusterAction.values()) {
            boolean named = patterns.stream().anyMatch(pattern -> pattern.matches(action.lowerCase()));
            if (named != excepted) {
                meant.add(action);
            }
        }
        return meant;
    }

    private static List<WildcardPattern> patterns(JsonNode node, boolean ignoreCase) {
        require(node.isArray(), "patterns are not a list");
        List<WildcardPattern> patterns = new ArrayList<>();
        for (JsonNode pattern : node) {
            require(pattern.isTextual(), "a pattern is not text");
            String text = pattern.textValue();
            patterns.add(WildcardPattern.of(ignoreCase ? text.toLowerCase(Locale.ROOT) : text));
        }
        return List.copyOf(patterns);
    }

    private static List<TimeCondition> conditions(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return List.of();
        }
        require(node.isArray(), "conditions is not a list");
        List<TimeCondition> conditions = new ArrayList<>();
        for (JsonNode condition : node) {
            JsonNode moments = condition.path("epoch_ms");
            require(moments.isArray(), "epoch_ms is not a list");
            List<Long> epochMs = new ArrayList<>();
            for (JsonNode moment : moments) {
                require(moment.isIntegralNumber(), "epoch_ms holds no whole number");
                epochMs.add(moment.longValue());
            }
            conditions.add(new TimeCondition(
                    condition.path("operator").asText(), condition.path("key").asText(), List.copyOf(epochMs)));
        }
        return List.copyOf(conditions);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("unreadable policy: " + otherwise);
        }
    }
}
