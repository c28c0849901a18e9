package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WildcardPatternTest {

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            topic/ns.*,      topic/ns.events,   true
            topic/ns.*,      topic/ns.,         true
            topic/ns.*,      topic/ns,          false
            topic/ns.*,      topic/ns.a/b.c,    true
            topic/n?.a,      topic/ns.a,        true
            topic/n?.a,      topic/n.a,         false
            *,               "",                true
            ?,               "",                false
            "",              "",                true
            "",              a,                 false
            a*b*c,           aXbYbZc,           true
            a*b*c,           aXbYbZ,            false
            *.events,        ns.events.events,  true
            a\\*b,           a*b,               true
            a\\*b,           aXb,               false
            a\\?b,           a?b,               true
            a\\?b,           aXb,               false
            a\\\\b,          a\\b,              true
            a\\xb,           axb,               true
            Topic,           topic,             false
            """)
    void patternMatchesAsIamDoes(String pattern, String text, boolean matches) {
        assertEquals(matches, WildcardPattern.of(pattern).matches(text));
    }

    @Test
    void arnInTwoPartsMatchesAsAWholeDoes() {
        ResourceArn arn = new ResourceArn("arn:topic/c/", "ns.events");
        assertTrue(WildcardPattern.of("arn:topic/c/ns.*").matches(arn));
        assertTrue(WildcardPattern.of("arn:topic/c/ns.events").matches(arn));
        assertTrue(WildcardPattern.of("arn:*/ns.event?").matches(arn));
        assertTrue(WildcardPattern.of("arn:topic/*").matches(arn));
        assertFalse(WildcardPattern.of("arn:topic/c/other.*").matches(arn));
        assertFalse(WildcardPattern.of("arn:topic/c/ns.event").matches(arn));
        assertFalse(WildcardPattern.of("arn:topic/c/ns.events.more").matches(arn));
    }

    @Test
    void patternThatEndsInABackslashIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> WildcardPattern.of("a\\"));
    }

    @Test
    void hostilePatternTakesNoLongerThanOthers() {
        WildcardPattern pattern = WildcardPattern.of("*a".repeat(200) + "b");
        assertTimeoutPreemptively(
                Duration.ofSeconds(2), () -> assertFalse(pattern.matches("a".repeat(20_000))));
    }
}
