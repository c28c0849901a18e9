package org.octopus.broker;

import java.util.Arrays;

/**
 * An IAM pattern: {@code *} matches any run of characters, {@code /} too, {@code ?} exactly one, and a backslash makes
 * the next character literal, so that a substituted policy variable can never act as a wildcard.
 */
final class WildcardPattern {

    private static final char ANY_RUN = '*';
    private static final char ANY_ONE = '?';

    private final String text;
    private final char[] characters;
    private final boolean[] literal;
    /** How many characters stand before the first wildcard. */
    private final int head;

    private WildcardPattern(String text, char[] characters, boolean[] literal) {
        this.text = text;
        this.characters = characters;
        this.literal = literal;
        int first = 0;
        while (first < literal.length && literal[first]) {
            first++;
        }
        this.head = first;
    }

    /**
     * Reads a pattern.
     *
     * @throws IllegalArgumentException when it ends in a backslash that escapes nothing
     */
    static WildcardPattern of(String text) {
        char[] characters = new char[text.length()];
        boolean[] literal = new boolean[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean escaped = c == '\\';
            if (escaped && ++i == text.length()) {
                throw new IllegalArgumentException("a pattern ends in a backslash");
            }
            characters[length] = escaped ? text.charAt(i) : c;
            literal[length] = escaped || (c != ANY_RUN && c != ANY_ONE);
            length++;
        }
        return new WildcardPattern(text, Arrays.copyOf(characters, length), Arrays.copyOf(literal, length));
    }

    /** Whether the whole of {@code candidate} matches; linear but for runs of {@code *}, never exponential. */
    boolean matches(CharSequence candidate) {
        int length = candidate.length();
        if (length < head || (head == characters.length && length > head)) {
            return false;
        }
        // From its end: the ARNs of one cluster all begin alike, and most of them end this loop at once.
        for (int i = head - 1; i >= 0; i--) {
            if (candidate.charAt(i) != characters[i]) {
                return false;
            }
        }
        return matchesFromFirstWildcard(candidate, length);
    }

    private boolean matchesFromFirstWildcard(CharSequence candidate, int length) {
        int at = head;
        int i = head;
        int lastRun = -1;
        int resume = 0;
        while (i < length) {
            if (at < characters.length && isRun(at)) {
                if (at == characters.length - 1) {
                    return true;
                }
                lastRun = at++;
                resume = i;
            } else if (at < characters.length && (!literal[at] || characters[at] == candidate.charAt(i))) {
                at++;
                i++;
            } else if (lastRun >= 0) {
                at = lastRun + 1;
                i = ++resume;
            } else {
                return false;
            }
        }
        while (at < characters.length && isRun(at)) {
            at++;
        }
        return at == characters.length;
    }

    private boolean isRun(int at) {
        return !literal[at] && characters[at] == ANY_RUN;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WildcardPattern pattern && text.equals(pattern.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** The pattern as it was written. */
    @Override
    public String toString() {
        return text;
    }
}
