package org.octopus.broker;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What authentication and authorisation of one process share: Kafka makes a validator for each listener and an
 * authorizer for the broker and another for the controller, and all of them speak of the same policies.
 */
final class EnforcementPoint implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EnforcementPoint.class);
    private static final Map<EnforcementSettings, EnforcementPoint> OPEN = new HashMap<>();
    private static final long REFRESH_MS = 1000;

    private final EnforcementSettings settings;
    private final Counts counts = new Counts();
    private final PolicyStore policies;
    private final AuditLog audit;
    private final TokenVerifier tokens;
    private final ScheduledExecutorService background;
    private final Optional<MetricsPort> metrics;
    private int users;

    private EnforcementPoint(EnforcementSettings settings) {
        this.settings = settings;
        JudgeClient judge = new JudgeClient(settings, counts);
        this.policies = new PolicyStore(judge, System::nanoTime);
        this.audit = new AuditLog(System::nanoTime, LoggerFactory.getLogger("octopus.audit")::info, counts);
        this.tokens = new TokenVerifier(
                settings, judge, policies, audit, System::nanoTime, System::currentTimeMillis);
        this.metrics = openMetrics();
        this.background = Executors.newScheduledThreadPool(2, task -> {
            Thread thread = new Thread(task, "octopus-enforcement");
            thread.setDaemon(true);
            return thread;
        });
        every(REFRESH_MS, new PolicyRefresh(judge, policies, System::nanoTime));
        every(REFRESH_MS, audit::flush);
    }

    /** The one for these settings; each caller closes what it acquired. */
    static synchronized EnforcementPoint acquire(EnforcementSettings settings) {
        EnforcementPoint point = OPEN.computeIfAbsent(settings, EnforcementPoint::new);
        point.users++;
        return point;
    }

    PolicyStore policies() {
        return policies;
    }

    AuditLog audit() {
        return audit;
    }

    Counts counts() {
        return counts;
    }

    /** A gate for a new connection. */
    ConnectionGate newGate() {
        return new ConnectionGate(
                policies, audit, settings.clusterArn(), System::nanoTime, System::currentTimeMillis);
    }

    TokenVerifier tokens() {
        return tokens;
    }

    @Override
    public void close() {
        synchronized (EnforcementPoint.class) {
            if (--users > 0) {
                return;
            }
            OPEN.remove(settings);
        }
        metrics.ifPresent(MetricsPort::close);
        background.shutdownNow();
        audit.close();
    }

    private Optional<MetricsPort> openMetrics() {
        int port = settings.metricsPort();
        if (port == 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(new MetricsPort(port, () -> MetricsText.of(counts, policies.held())));
        } catch (IOException e) {
            // Anybody on the machine could take the port, and so keep the node from starting.
            LOG.error(
                    "Nobody can read this node's metrics until it is started again: {} {}: {}",
                    EnforcementSettings.METRICS_PORT,
                    port,
                    e.getMessage());
            return Optional.empty();
        }
    }

    private void every(long ms, Runnable task) {
        Runnable lasting = () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                // An exception would end the schedule for good, and with it every right at 50 s.
                LOG.error("Background work failed and goes on", e);
            }
        };
        background.scheduleWithFixedDelay(lasting, 0, ms, TimeUnit.MILLISECONDS);
    }
}
