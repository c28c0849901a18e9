package org.octopus.broker;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLEngine;

/**
 * What the gate of a connection costs, for benchmarks to run: median ns of processor time, and bytes of garbage, of
 * encrypting 16 KB with Java's engine alone and behind the gate, measured in turns, as one line of JSON.
 */
public final class GateCost {

    private static final int ROUNDS = 21;
    private static final int WRAPS = 5_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Identity CALLER = new Identity("subject", "AKIA1", "iam-user", Identity.NEVER);

    private GateCost() {}

    /** Measures and prints. */
    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("gate-cost");
        try (JudgeDouble judge = new JudgeDouble()) {
            JudgeClient client = new JudgeClient(judge.settings(folder), new Counts());
            PolicyStore policies = new PolicyStore(client, System::nanoTime);
            Rule rule = new Rule(
                    true, Set.of(ClusterAction.READ_DATA), List.of(WildcardPattern.of("*")), false, List.of());
            policies.takeVerified(
                    new PolicyReply.Rules(CALLER.policyKey(), "v", 0, new Policy(List.of(List.of(rule)))),
                    System.nanoTime());
            AuditLog audit = new AuditLog(System::nanoTime, line -> {}, new Counts());
            ConnectionGate gate = new ConnectionGate(
                    policies, audit, JudgeDouble.CLUSTER_ARN, System::nanoTime, System::currentTimeMillis);
            SSLEngine plain = TlsPair.of(folder, engine -> engine).server();
            SSLEngine gated = TlsPair.of(folder, engine -> new GatedSslEngine(engine, gate)).server();
            gate.requestArrived(CALLER);
            double[][] plainRounds = new double[ROUNDS][];
            double[][] gatedRounds = new double[ROUNDS][];
            for (int round = 0; round < ROUNDS; round++) {
                plainRounds[round] = wrap(plain);
                gatedRounds[round] = wrap(gated);
            }
            System.out.printf(
                    Locale.ROOT,
                    "{\"plain_ns\": %.0f, \"gated_ns\": %.0f, \"plain_bytes\": %.1f, \"gated_bytes\": %.1f}%n",
                    median(plainRounds, 0),
                    median(gatedRounds, 0),
                    median(plainRounds, 1),
                    median(gatedRounds, 1));
        } finally {
            for (String file : List.of("secret", "keys.p12", "keytool.log", "")) {
                Files.deleteIfExists(folder.resolve(file));
            }
        }
    }

    private static double[] wrap(SSLEngine engine) throws Exception {
        ByteBuffer source = ByteBuffer.allocateDirect(16 * 1024);
        ByteBuffer destination = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        long thread = Thread.currentThread().getId();
        long bytes = THREADS.getThreadAllocatedBytes(thread);
        long start = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < WRAPS; i++) {
            source.clear();
            destination.clear();
            engine.wrap(source, destination);
        }
        double nanos = THREADS.getCurrentThreadCpuTime() - start;
        return new double[] {nanos / WRAPS, (double) (THREADS.getThreadAllocatedBytes(thread) - bytes) / WRAPS};
    }

    /** Of one measure, over the rounds but the first third, which warm up. */
    private static double median(double[][] rounds, int measure) {
        double[] warm = Arrays.stream(rounds)
                .skip(ROUNDS / 3)
                .mapToDouble(round -> round[measure])
                .sorted()
                .toArray();
        return warm[warm.length / 2];
    }
}
