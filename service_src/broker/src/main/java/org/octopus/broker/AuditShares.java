package org.octopus.broker;

import java.util.HashMap;
import java.util.Map;

/**
 * How many audit lines each principal may hold open, so that one principal's flood of names costs nobody else a line.
 * What is refused room is counted by principal, until the counts are taken; there are few principals, as every one but
 * the nameless has proved who it is.
 */
final class AuditShares {

    /** Most open lines of one principal. */
    static final int SHARE = 500;

    /** Most open lines of all principals that have a name. */
    static final int NAMED = 20_000;

    /**
     * Most open lines of refused tokens, which are nobody's. More than all connections that the listener admits within
     * two windows: strangers who claim key after key do not hide one another, and take no room from the named.
     */
    static final int NAMELESS = 15_000;

    private final Map<String, Integer> open = new HashMap<>();
    private Map<String, Long> dropped = new HashMap<>();
    private int named;

    /** Whether the principal may open one more line; if not, a drop is counted. */
    boolean open(String principal) {
        int lines = open.getOrDefault(principal, 0);
        boolean room = principal.isEmpty() ? lines < NAMELESS : lines < SHARE && named < NAMED;
        if (!room) {
            dropped.merge(principal, 1L, Long::sum);
            return false;
        }
        open.put(principal, lines + 1);
        named += principal.isEmpty() ? 0 : 1;
        return true;
    }

    /** Gives back the room of one line. */
    void close(String principal) {
        open.computeIfPresent(principal, (name, lines) -> lines == 1 ? null : lines - 1);
        named -= principal.isEmpty() ? 0 : 1;
    }

    /** The drops of each principal since the last call. */
    Map<String, Long> takeDropped() {
        Map<String, Long> taken = dropped;
        dropped = new HashMap<>();
        return taken;
    }
}
