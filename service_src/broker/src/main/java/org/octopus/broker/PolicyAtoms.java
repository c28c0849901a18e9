package org.octopus.broker;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The parts of a policy, each of which gives or takes one right: two policies that say the same in another order, or
 * with their statements cut otherwise, have the same.
 */
final class PolicyAtoms {

    /** One action under one pattern; or, as it cannot be taken apart, under all patterns of a {@code NotResource}. */
    private record Atom(
            ClusterAction action, Set<WildcardPattern> resources, boolean excepted, Set<TimeCondition> conditions) {}

    private PolicyAtoms() {}

    /**
     * Whether one policy may give less than another: an allow has gone or a deny has come. Patterns are compared as they
     * are written, so an allow that went because a wider one came counts, too.
     */
    static boolean narrower(Policy young, Policy old) {
        if (young.layers().size() != old.layers().size()) {
            return true;
        }
        for (int i = 0; i < old.layers().size(); i++) {
            List<Rule> before = old.layers().get(i);
            List<Rule> after = young.layers().get(i);
            if (!of(after, true).containsAll(of(before, true)) || !of(before, false).containsAll(of(after, false))) {
                return true;
            }
        }
        return false;
    }

    private static Set<Atom> of(List<Rule> layer, boolean allow) {
        Set<Atom> atoms = new HashSet<>();
        for (Rule rule : layer) {
            if (rule.allow() == allow) {
                Set<TimeCondition> conditions = Set.copyOf(rule.conditions());
                for (ClusterAction action : rule.actions()) {
                    if (rule.resourcesExcepted()) {
                        atoms.add(new Atom(action, Set.copyOf(rule.resources()), true, conditions));
                    } else {
                        rule.resources().forEach(one -> atoms.add(new Atom(action, Set.of(one), false, conditions)));
                    }
                }
            }
        }
        return atoms;
    }
}
