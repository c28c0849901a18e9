package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That a right file is trusted, and it alone, is shown by real processes: tests/integration/cluster. */
class JudgeAuthorityTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    void fileWithoutCertificatesEndsTheStart(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("ca.pem"), content);
        ConfigException refused = assertThrows(ConfigException.class, () -> JudgeAuthority.trusting(file));
        assertTrue(refused.getMessage().contains("octopus.judge.ca.file"), refused.getMessage());
    }

    @Test
    void fileThatIsNotThereEndsTheStart() {
        assertThrows(ConfigException.class, () -> JudgeAuthority.trusting(folder.resolve("nothing")));
    }
}
