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

    private WildcardPattern(String text, char[] characters, boolean[] literal) {
        this.text = text;
        this.characters = characters;
        this.literal = literal;
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

    /** Whether the whole of {@code text} matches; linear but for runs of {@code *}, never exponential. */
    boolean matches(String text) {
        int at = 0;
        int i = 0;
        int lastRun = -1;
        int resume = 0;
        while (i < text.length()) {
            if (at < characters.length && !literal[at] && characters[at] == ANY_RUN) {
                lastRun = at++;
                resume = i;
            } else if (at < characters.length && (!literal[at] || characters[at] == text.charAt(i))) {
                at++;
                i++;
            } else if (lastRun >= 0) {
                at = lastRun + 1;
                i = ++resume;
            } else {
                return false;
            }
        }
        while (at < characters.length && !literal[at] && characters[at] == ANY_RUN) {
            at++;
        }
        return at == characters.length;
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
