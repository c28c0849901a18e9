package org.octopus.broker;

import com.fasterxml.jackson.databind.JsonNode;

/** Reads the judge's replies. */
final class JudgeReplies {

    private JudgeReplies() {}

    /**
     * Reads a reply to {@code /verify}.
     *
     * @throws IllegalArgumentException when it is not as agreed
     */
    static Verdict verdict(JsonNode reply) {
        switch (reply.path("outcome").asText()) {
            case "allow":
                Identity identity = new Identity(
                        text(reply, "principal"),
                        text(reply, "access_key_id"),
                        text(reply, "kind"),
                        reply.hasNonNull("session_expires_ms")
                                ? number(reply, "session_expires_ms")
                                : Identity.NEVER);
                PolicyReply policy = policy(reply.path("policy"));
                if (!(policy instanceof PolicyReply.Rules rules) || !rules.key().equals(identity.policyKey())) {
                    throw new IllegalArgumentException("an allow carries no policy of its own principal");
                }
                return new Verdict.Allowed(identity, number(reply, "lifetime_ms"), rules);
            case "deny":
                return new Verdict.Denied(reply.path("reason").asText("no reason given"));
            case "unknown":
                return new Verdict.Unknown(reply.path("reason").asText("no reason given"));
            default:
                throw new IllegalArgumentException("outcome is neither allow, deny nor unknown");
        }
    }

    /**
     * Reads one element of a reply to {@code /policies}.
     *
     * @throws IllegalArgumentException when it is not as agreed
     */
    static PolicyReply policy(JsonNode node) {
        PolicyKey key = new PolicyKey(text(node, "principal"), text(node, "access_key_id"));
        if (node.hasNonNull("outcome")) {
            String reason = node.path("reason").asText("no reason given");
            switch (node.path("outcome").asText()) {
                case "deny":
                    return new PolicyReply.Denied(key, reason);
                case "unknown":
                    return new PolicyReply.Unknown(key, reason);
                default:
                    throw new IllegalArgumentException("outcome is neither deny nor unknown");
            }
        }
        long ageMs = number(node, "age_ms");
        if (ageMs < 0) {
            throw new IllegalArgumentException("age_ms is below 0");
        }
        if (node.path("unchanged").asBoolean(false)) {
            return new PolicyReply.Unchanged(key, text(node, "version"), ageMs);
        }
        return new PolicyReply.Rules(key, text(node, "version"), ageMs, PolicyReader.read(node.path("layers")));
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isTextual() || value.textValue().isEmpty()) {
            throw new IllegalArgumentException(field + " is missing");
        }
        return value.textValue();
    }

    private static long number(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException(field + " is not a whole number");
        }
        return value.longValue();
    }
}
