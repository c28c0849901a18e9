package org.octopus.clients;

import java.util.HashMap;
import java.util.Map;

/** Settings of a client, as the documentation of aws-msk-iam-auth gives them. */
final class Settings {
    private static final String OAUTHBEARER = "OAUTHBEARER";

    private Settings() {}

    /** Settings that authenticate with a profile of the AWS configuration, in the mechanism of this process. */
    static Map<String, Object> of(String profile) {
        String mechanism = System.getenv("KAFKA_SASL_MECHANISM");
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", System.getenv("KAFKA_BOOTSTRAP_SERVERS"));
        settings.put("security.protocol", "SASL_SSL");
        settings.put("ssl.truststore.type", "PEM");
        settings.put("ssl.truststore.location", System.getenv("KAFKA_CA_FILE"));
        settings.put("sasl.mechanism", mechanism);
        if (mechanism.equals(OAUTHBEARER)) {
            String handler = "software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler";
            settings.put("sasl.login.callback.handler.class", handler);
            settings.put("sasl.jaas.config", login("org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule", profile));
        } else {
            String handler = "software.amazon.msk.auth.iam.IAMClientCallbackHandler";
            settings.put("sasl.client.callback.handler.class", handler);
            settings.put("sasl.jaas.config", login("software.amazon.msk.auth.iam.IAMLoginModule", profile));
        }
        return settings;
    }

    private static String login(String module, String profile) {
        return "%s required awsProfileName=\"%s\";".formatted(module, profile);
    }
}
