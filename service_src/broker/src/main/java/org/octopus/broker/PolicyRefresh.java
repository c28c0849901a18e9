package org.octopus.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the judge, each time it runs, for news of every principal in use. It asks even when nobody is: so its absence is
 * in the log before a client meets it, and the first client does not wait for a connection to be made.
 */
final class PolicyRefresh implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(PolicyRefresh.class);
    private static final int MOST_IN_ONE = 500;

    private final JudgeClient judge;
    private final PolicyStore policies;
    private final LongSupplier nanos;

    PolicyRefresh(JudgeClient judge, PolicyStore policies, LongSupplier nanos) {
        this.judge = judge;
        this.policies = policies;
        this.nanos = nanos;
    }

    @Override
    public void run() {
        try {
            Map<PolicyKey, String> batch = new HashMap<>();
            for (Map.Entry<PolicyKey, String> entry : policies.versionsInUse().entrySet()) {
                batch.put(entry.getKey(), entry.getValue());
                if (batch.size() == MOST_IN_ONE) {
                    ask(batch);
                    batch.clear();
                }
            }
            ask(batch);
        } catch (JudgeAwayException e) {
            LOG.debug("No refresh: {}", e.getMessage());
        }
    }

    private void ask(Map<PolicyKey, String> batch) {
        long asked = nanos.getAsLong();
        judge.policies(batch).forEach(reply -> policies.take(reply, asked));
    }
}
