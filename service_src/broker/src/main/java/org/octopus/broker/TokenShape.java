package org.octopus.broker;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * The checks of a token that cost nothing: it must look like a presigned {@code kafka-cluster:Connect}, named by a key,
 * signed lately. The judge decides; this keeps noise away from it.
 *
 * @param refusal why it cannot be a token; null when it may be one
 * @param claimedKeyId the key that the token names, unproven; empty when it could not be read
 */
record TokenShape(String refusal, String claimedKeyId) {

    private static final int LONGEST = 8192;
    private static final int LONGEST_LIFE_S = 900;
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);
    private static final Pattern BASE64_URL = Pattern.compile("[A-Za-z0-9_-]+={0,2}");
    private static final Pattern PRINTABLE = Pattern.compile("[!-~]+");
    private static final Pattern KEY_ID = Pattern.compile("[A-Z0-9]{16,128}");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'");

    boolean refused() {
        return refusal != null;
    }

    /** Looks at a token, at a moment given in ms since epoch. */
    static TokenShape of(String token, long nowMs) {
        if (token.length() > LONGEST) {
            return refused("longer than " + LONGEST + " characters", "");
        }
        if (!BASE64_URL.matcher(token).matches()) {
            return refused("not base64url", "");
        }
        String url;
        try {
            url = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.US_ASCII);
        } catch (IllegalArgumentException e) {
            return refused("not base64url", "");
        }
        if (!PRINTABLE.matcher(url).matches() || !url.startsWith("https://") || !url.contains("/?")) {
            return refused("not a presigned request", "");
        }
        return ofQuery(url.substring(url.indexOf("/?") + 2), nowMs);
    }

    private static TokenShape ofQuery(String query, long nowMs) {
        String credential = parameter(query, "X-Amz-Credential");
        String date = parameter(query, "X-Amz-Date");
        String expires = parameter(query, "X-Amz-Expires");
        if (credential == null || date == null || expires == null) {
            return refused("not a presigned request", "");
        }
        String keyId = credential.split("/", 2)[0];
        if (!KEY_ID.matcher(keyId).matches()) {
            return refused("names no access key", "");
        }
        try {
            long signedMs = LocalDateTime.parse(date, DATE).toInstant(ZoneOffset.UTC).toEpochMilli();
            int lifeS = Integer.parseInt(expires);
            if (lifeS < 1 || lifeS > LONGEST_LIFE_S) {
                return refused("lives longer than " + LONGEST_LIFE_S + " s, or not at all", keyId);
            }
            if (signedMs - CLOCK_SKEW.toMillis() > nowMs) {
                return refused("signed in the future", keyId);
            }
            if (signedMs + lifeS * 1000L + CLOCK_SKEW.toMillis() < nowMs) {
                return refused("expired", keyId);
            }
        } catch (DateTimeException | NumberFormatException e) {
            return refused("its time cannot be read", keyId);
        }
        return new TokenShape(null, keyId);
    }

    private static String parameter(String query, String name) {
        for (String field : query.split("&")) {
            if (field.startsWith(name + "=")) {
                try {
                    return URLDecoder.decode(field.substring(name.length() + 1), StandardCharsets.UTF_8);
                } catch (IllegalArgumentException e) {
                    return null;
                }
            }
        }
        return null;
    }

    private static TokenShape refused(String reason, String keyId) {
        return new TokenShape(reason, keyId);
    }
}
