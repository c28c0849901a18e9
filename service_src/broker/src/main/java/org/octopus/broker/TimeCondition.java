package org.octopus.broker;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The only conditions that the judge leaves to the broker: those on the time of the request.
 *
 * @param operator IAM's name of the comparison
 * @param key {@code aws:CurrentTime} or {@code aws:EpochTime}, which mean the same moment
 * @param epochMs the moments compared with; one that fits is enough, and none may fit for {@code DateNotEquals}
 */
record TimeCondition(String operator, String key, List<Long> epochMs) {

    private static final Set<String> KEYS = Set.of("aws:currenttime", "aws:epochtime");
    private static final Set<String> OPERATORS = Set.of(
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
            "DateEquals",
            "DateNotEquals");

    /** Whether this broker knows the condition at all; when not, an allow must not apply and a deny must. */
    boolean decidable() {
        return OPERATORS.contains(operator) && KEYS.contains(key.toLowerCase(Locale.ROOT));
    }

    /** Whether it holds in the second of a moment, given in ms since epoch: IAM counts time in whole seconds. */
    boolean holds(long nowMs) {
        long secondMs = nowMs - Math.floorMod(nowMs, 1000L);
        if (operator.equals("DateNotEquals")) {
            return epochMs.stream().noneMatch(moment -> moment == secondMs);
        }
        return epochMs.stream().anyMatch(moment -> compare(secondMs, moment));
    }

    private boolean compare(long secondMs, long moment) {
        return switch (operator) {
            case "DateLessThan" -> secondMs < moment;
            case "DateLessThanEquals" -> secondMs <= moment;
            case "DateGreaterThan" -> secondMs > moment;
            case "DateGreaterThanEquals" -> secondMs >= moment;
            case "DateEquals" -> secondMs == moment;
            default -> throw new IllegalStateException("undecidable condition was asked: " + operator);
        };
    }
}
