package org.octopus.broker;

/** The SASL mechanisms that clients of a cluster under IAM speak; both carry a presigned {@code kafka-cluster:Connect}. */
final class SaslMechanisms {

    /** AWS's own, in its library for Java: the signed request as JSON. */
    static final String AWS_MSK_IAM = "AWS_MSK_IAM";

    /** What all other signers use: the signed request as a URL, in base64. */
    static final String OAUTHBEARER = "OAUTHBEARER";

    private SaslMechanisms() {}

    /** Name of the negotiated property that holds the {@link VerifiedToken}; Kafka's own of OAUTHBEARER is so made. */
    static String tokenProperty(String mechanism) {
        return mechanism + ".token";
    }
}
