package org.octopus.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.utils.Exit;

/** Runs the console tools that come with Kafka, unmodified, one after another in this process. */
final class Tools {
    /** In an argument, the file that holds the settings of the profile. */
    private static final String SETTINGS_FILE = "SETTINGS_FILE";

    private Tools() {}

    /** Run a tool's main method with the profile's settings; its exit status, and what it wrote. */
    static Map<String, Object> run(JsonNode request) throws IOException, ReflectiveOperationException {
        Path settings = Files.createTempFile("client", ".properties");
        InputStream input = System.in;
        PrintStream output = System.out;
        PrintStream errors = System.err;
        var written = new ByteArrayOutputStream();
        var complained = new ByteArrayOutputStream();
        try {
            write(settings, request.get("profile").asText());
            System.setIn(new ByteArrayInputStream(request.path("input").asText("").getBytes(StandardCharsets.UTF_8)));
            System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
            int status = call(request.get("tool").asText(), arguments(request, settings));
            return Map.of(
                    "status", status,
                    "output", written.toString(StandardCharsets.UTF_8),
                    "errors", complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setIn(input);
            System.setOut(output);
            System.setErr(errors);
            Files.delete(settings);
        }
    }

    private static int call(String tool, String[] arguments) throws ReflectiveOperationException {
        Exit.setExitProcedure((status, message) -> {
            throw new Exited(status);
        });
        Exit.setHaltProcedure((status, message) -> {
            throw new Exited(status);
        });
        // A tool's hook is for the end of its process, and this one goes on.
        Exit.setShutdownHookAdder((name, hook) -> {});
        Method main = Class.forName(tool).getMethod("main", String[].class);
        try {
            main.invoke(null, (Object) arguments);
            return 0;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exited exited) {
                return exited.status;
            }
            // As the launcher does with an exception that leaves main.
            e.getCause().printStackTrace();
            return 1;
        }
    }

    private static String[] arguments(JsonNode request, Path settings) {
        List<String> given = new ArrayList<>();
        request.get("arguments").forEach(one -> given.add(one.asText().replace(SETTINGS_FILE, settings.toString())));
        return given.toArray(String[]::new);
    }

    private static void write(Path file, String profile) throws IOException {
        Properties properties = new Properties();
        properties.putAll(Settings.of(profile));
        try (var out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        }
    }

    /** Takes the place of the end of the process. */
    private static final class Exited extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int status;

        Exited(int status) {
            super("exit " + status, null, false, false);
            this.status = status;
        }
    }
}
