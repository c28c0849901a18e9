package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyTest {

    private static final long NOW = 1_700_000_000_500L;
    private static final String ALLOW_ALL = "{'effect':'allow','actions':['*'],'resources':['*']}";

    @Test
    void nothingIsAllowedByDefault() {
        assertFalse(allows("[]", ClusterAction.READ_DATA, "t/a"));
        assertFalse(allows("[[]]", ClusterAction.READ_DATA, "t/a"));
    }

    @Test
    void everyLayerMustAllow() {
        String reads = "{'effect':'allow','actions':['kafka-cluster:ReadData'],'resources':['t/*']}";
        assertTrue(allows("[[" + ALLOW_ALL + "],[" + reads + "]]", ClusterAction.READ_DATA, "t/a"));
        assertFalse(allows("[[" + ALLOW_ALL + "],[" + reads + "]]", ClusterAction.WRITE_DATA, "t/a"));
        assertFalse(allows("[[" + reads + "],[]]", ClusterAction.READ_DATA, "t/a"));
    }

    @Test
    void aDenyOfAnyLayerWins() {
        String deny = "{'effect':'deny','actions':['kafka-cluster:Read*'],'resources':['t/a']}";
        assertFalse(allows("[[" + ALLOW_ALL + "],[" + ALLOW_ALL + "," + deny + "]]", ClusterAction.READ_DATA, "t/a"));
        assertTrue(allows("[[" + ALLOW_ALL + "],[" + ALLOW_ALL + "," + deny + "]]", ClusterAction.READ_DATA, "t/b"));
    }

    @Test
    void actionsMatchWhateverTheirCaseAndResourcesDoNot() {
        String rule = "[[{'effect':'allow','actions':['KAFKA-cluster:readDATA'],'resources':['t/A']}]]";
        assertTrue(allows(rule, ClusterAction.READ_DATA, "t/A"));
        assertFalse(allows(rule, ClusterAction.READ_DATA, "t/a"));
    }

    @Test
    void topicPatternDoesNotReachItsDynamicConfiguration() {
        String rule = "[[{'effect':'allow','actions':['kafka-cluster:*Topic'],'resources':['*']}]]";
        assertTrue(allows(rule, ClusterAction.DESCRIBE_TOPIC, "t/a"));
        assertFalse(allows(rule, ClusterAction.DESCRIBE_TOPIC_DYNAMIC_CONFIGURATION, "t/a"));
    }

    @Test
    void exceptedActionsAndResourcesAreTheOnlyOnesNotMeant() {
        String rule = "[[{'effect':'allow','not_actions':['kafka-cluster:WriteData'],'not_resources':['t/secret*']}]]";
        assertTrue(allows(rule, ClusterAction.READ_DATA, "t/a"));
        assertFalse(allows(rule, ClusterAction.WRITE_DATA, "t/a"));
        assertFalse(allows(rule, ClusterAction.READ_DATA, "t/secrets"));
    }

    @ParameterizedTest
    @CsvSource({
        "DateLessThan,           1700000001000, true",
        "DateLessThan,           1700000000000, false",
        "DateLessThanEquals,     1700000000000, true",
        "DateGreaterThan,        1699999999000, true",
        "DateGreaterThan,        1700000000000, false",
        "DateGreaterThanEquals,  1700000000000, true",
        "DateEquals,             1700000000000, true",
        "DateEquals,             1700000001000, false",
        "DateNotEquals,          1700000000000, false",
        "DateNotEquals,          1700000001000, true",
    })
    void conditionOnTimeHoldsAsIamSays(String operator, long moment, boolean holds) {
        String condition = "{'operator':'" + operator + "','key':'aws:CurrentTime','epoch_ms':[" + moment + "]}";
        assertEquals(holds, allows(conditioned("allow", condition), ClusterAction.READ_DATA, "t/a"));
    }

    @Test
    void oneOfSeveralMomentsIsEnoughAndEveryConditionMustHold() {
        String past = "{'operator':'DateGreaterThan','key':'aws:EpochTime','epoch_ms':[9999999999999,1]}";
        String never = "{'operator':'DateLessThan','key':'aws:EpochTime','epoch_ms':[1]}";
        assertTrue(allows(conditioned("allow", past), ClusterAction.READ_DATA, "t/a"));
        assertFalse(allows(conditioned("allow", past + "," + never), ClusterAction.READ_DATA, "t/a"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'operator':'StringEquals','key':'aws:CurrentTime','epoch_ms':[1]}",
                "{'operator':'DateLessThan','key':'aws:SourceIp','epoch_ms':[1]}",
            })
    void conditionThatCannotBeDecidedOpensNoDoor(String condition) {
        assertFalse(allows(conditioned("allow", condition), ClusterAction.READ_DATA, "t/a"));
        String denied = conditioned("deny", condition).replace("[[", "[[" + ALLOW_ALL + ",");
        assertFalse(allows(denied, ClusterAction.READ_DATA, "t/a"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[{}]",
                "[[{'effect':'maybe','actions':['*'],'resources':['*']}]]",
                "[[{'effect':'allow','resources':['*']}]]",
                "[[{'effect':'allow','actions':['*'],'not_actions':['*'],'resources':['*']}]]",
                "[[{'effect':'deny','actions':['*']}]]",
                "[[{'effect':'allow','actions':'*','resources':['*']}]]",
                "[[{'effect':'allow','actions':[1],'resources':['*']}]]",
                "[[{'effect':'allow','actions':['a\\\\'],'resources':['*']}]]",
                "[[{'effect':'allow','actions':['*'],'resources':['*'],'conditions':{}}]]",
                "[[{'effect':'allow','actions':['*'],'resources':['*'],'conditions':[{'epoch_ms':['x']}]}]]",
            })
    void policyThatIsNotUnderstoodIsUnreadableAsAWhole(String layers) {
        assertThrows(IllegalArgumentException.class, () -> policy(layers));
    }

    private static String conditioned(String effect, String conditions) {
        return "[[{'effect':'" + effect + "','actions':['*'],'resources':['*'],'conditions':[" + conditions + "]}]]";
    }

    private static boolean allows(String layers, ClusterAction action, String resource) {
        return policy(layers).allows(action, resource, NOW);
    }

    private static Policy policy(String layers) {
        try {
            return PolicyReader.read(new ObjectMapper().readTree(layers.replace('\'', '"')));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
