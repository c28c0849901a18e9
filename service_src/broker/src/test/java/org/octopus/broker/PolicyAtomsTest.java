package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyAtomsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            an allow more                   | allow R a              | allow R a; allow R b   | false
            an allow less                   | allow R a; allow R b   | allow R a              | true
            another order                   | allow R a; allow W b   | allow W b; allow R a   | false
            statements cut otherwise        | allow RW a,b           | allow R b; allow W a,b; allow R a | false
            an action less on one resource  | allow RW a,b           | allow R a,b; allow W a | true
            a deny more                     | allow R a              | allow R a; deny R b    | true
            a deny less                     | allow R a; deny R b    | allow R a              | false
            a condition more                | allow R a              | allow R a @1           | true
            another moment                  | allow R a @1           | allow R a @2           | true
            the same moment                 | allow R a @1           | allow R a @1           | false
            everything excepted the same    | allow R !a,b           | allow R !b,a           | false
            one exception more              | allow R !a             | allow R !a,b           | true
            one exception less              | allow R !a,b           | allow R !a             | true
            """)
    void narrowerIsWhateverTakesARight(String what, String old, String young, boolean narrower) {
        assertEquals(narrower, PolicyAtoms.narrower(policy("[" + rules(young) + "]"), policy("[" + rules(old) + "]")), what);
    }

    @Test
    void everyLayerCounts() {
        String all = rules("allow RW a,b");
        String some = rules("allow R a");
        assertFalse(narrower(all + "," + some, all + "," + some));
        assertTrue(narrower(all + "," + some, all + "," + all));
        assertTrue(narrower(some + "," + all, all + "," + all));
        assertFalse(narrower(all + "," + all, all + "," + some));
        assertTrue(narrower(all + "," + all, all));
        assertTrue(narrower(all, all + "," + all));
    }

    private static boolean narrower(String young, String old) {
        return PolicyAtoms.narrower(policy("[" + young + "]"), policy("[" + old + "]"));
    }

    /** A layer from a few words: effect, R and W for reading and writing, resources, and a moment. */
    private static String rules(String text) {
        StringBuilder layer = new StringBuilder("[");
        for (String rule : text.split("; ")) {
            String[] words = rule.trim().split(" ");
            String actions = words[1].replace("R", "'kafka-cluster:ReadData',").replace("W", "'kafka-cluster:WriteData',");
            boolean excepted = words[2].startsWith("!");
            String resources = "'" + words[2].replace("!", "").replace(",", "','") + "'";
            String conditions = words.length < 4
                    ? ""
                    : "{'operator':'DateLessThan','key':'aws:CurrentTime','epoch_ms':[" + words[3].substring(1) + "]}";
            layer.append(layer.length() > 1 ? "," : "")
                    .append("{'effect':'" + words[0] + "','actions':[" + actions.substring(0, actions.length() - 1))
                    .append("],'" + (excepted ? "not_resources" : "resources") + "':[" + resources)
                    .append("],'conditions':[" + conditions + "]}");
        }
        return layer.append("]").toString();
    }

    private static Policy policy(String layers) {
        try {
            return PolicyReader.read(new ObjectMapper().readTree(layers.replace('\'', '"')));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
