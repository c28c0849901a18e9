package org.octopus.broker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.common.config.ConfigException;

/** Who signs the judge's certificate, when it is none of the authorities that Java trusts anyway. */
final class JudgeAuthority {

    private JudgeAuthority() {}

    /**
     * TLS with servers whose certificates these authorities signed, and no others.
     *
     * @param file PEM, one certificate or several
     * @throws ConfigException when the file cannot be read or holds no certificate
     */
    static SSLContext trusting(Path file) {
        try (InputStream pem = Files.newInputStream(file)) {
            KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
            authorities.load(null, null);
            for (Certificate authority : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                authorities.setCertificateEntry("authority-" + authorities.size(), authority);
            }
            if (authorities.size() == 0) {
                throw new ConfigException(EnforcementSettings.JUDGE_CA_FILE, file, "holds no certificate");
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(authorities);
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(null, trust.getTrustManagers(), null);
            return tls;
        } catch (IOException e) {
            throw new ConfigException(EnforcementSettings.JUDGE_CA_FILE, file, "cannot be read");
        } catch (GeneralSecurityException e) {
            throw new ConfigException(EnforcementSettings.JUDGE_CA_FILE, file, "holds no certificates in PEM");
        }
    }
}
