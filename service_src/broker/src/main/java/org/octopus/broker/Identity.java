package org.octopus.broker;

/**
 * Who stands behind a connection, as the judge told it.
 *
 * @param principal the subject; all that Kafka knows a caller by
 * @param accessKeyId the key that signed
 * @param kind {@code iam-user}, {@code platform} or {@code session}
 * @param sessionExpiresMs when the credential itself ends, ms since epoch; {@link #NEVER} when it does not
 */
record Identity(String principal, String accessKeyId, String kind, long sessionExpiresMs) {

    static final long NEVER = Long.MAX_VALUE;

    PolicyKey policyKey() {
        return new PolicyKey(principal, accessKeyId);
    }
}
