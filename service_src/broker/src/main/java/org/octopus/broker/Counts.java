package org.octopus.broker;

import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** What has happened at this node since it started. Counting waits for nobody and makes nothing: it is on every path. */
final class Counts {

    /** What is counted; names and descriptions are those of the fabric's catalogue of metrics. */
    enum Event {
        AUTHENTICATION("authentications", "sign-ins at the broker"),
        AUTHENTICATION_REFUSED("authentications_refused", "of them, those refused"),
        DECISION("decisions", "actions on resources decided, filters of listings apart"),
        DECISION_REFUSED("decisions_refused", "of them, those denied"),
        JUDGE_AWAY("judge_away", "questions to the judge without an answer"),
        AUDIT_LINE_LOST("audit_lines_lost", "decisions that could not be written down");

        private final String plural;
        private final String about;

        Event(String plural, String about) {
            this.plural = plural;
            this.about = about;
        }

        /** How several are called, in snake case. */
        String plural() {
            return plural;
        }

        String about() {
            return about;
        }
    }

    private final LongAdder[] counts =
            Stream.generate(LongAdder::new).limit(Event.values().length).toArray(LongAdder[]::new);

    void add(Event event) {
        counts[event.ordinal()].increment();
    }

    long of(Event event) {
        return counts[event.ordinal()].sum();
    }
}
