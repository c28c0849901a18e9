package org.octopus.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.utils.Exit;

/** Runs console tools that come with Kafka, unmodified, one after another in this process: a JVM each costs seconds. */
final class Tools {
    private Tools() {}

    /** Run a tool's main method; its exit status, and what it wrote. */
    static Map<String, Object> run(JsonNode request) throws ReflectiveOperationException {
        List<String> arguments = new ArrayList<>();
        request.get("arguments").forEach(one -> arguments.add(one.asText()));
        byte[] typed = request.get("typed").asText().getBytes(StandardCharsets.UTF_8);
        InputStream input = System.in;
        PrintStream output = System.out;
        PrintStream errors = System.err;
        var written = new ByteArrayOutputStream();
        var complained = new ByteArrayOutputStream();
        try {
            System.setIn(new ByteArrayInputStream(typed));
            System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
            int status = call(request.get("tool").asText(), arguments.toArray(String[]::new));
            return Map.of(
                    "status", status,
                    "output", written.toString(StandardCharsets.UTF_8),
                    "errors", complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setIn(input);
            System.setOut(output);
            System.setErr(errors);
        }
    }

    private static int call(String tool, String[] arguments) throws ReflectiveOperationException {
        // The first status counts: a tool may catch what takes the place of its end, and end again.
        var status = new AtomicReference<Integer>();
        Exit.Procedure end = (code, message) -> {
            status.compareAndSet(null, code);
            throw new Exited();
        };
        Exit.setExitProcedure(end);
        Exit.setHaltProcedure(end);
        // What a tool does when its process ends is done when its main method has.
        List<Runnable> hooks = new ArrayList<>();
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        Method main = Class.forName(tool).getMethod("main", String[].class);
        try {
            main.invoke(null, (Object) arguments);
            status.compareAndSet(null, 0);
        } catch (InvocationTargetException e) {
            if (status.compareAndSet(null, 1)) {
                // As the launcher does with an exception that leaves main.
                e.getCause().printStackTrace();
            }
        }
        hooks.forEach(Runnable::run);
        return status.get();
    }

    /** Takes the place of the end of the process. */
    private static final class Exited extends RuntimeException {
        private static final long serialVersionUID = 1;

        Exited() {
            super(null, null, false, false);
        }
    }
}
