package org.octopus.broker;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import java.util.function.UnaryOperator;
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
    // JavaScript's signer writes milliseconds when the key's own end is nearer than the longest life.
    private static final Pattern LIFE = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,3})?");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'");
    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    boolean refused() {
        return refusal != null;
    }

    /** Looks at a token of a mechanism, at a moment given in ms since epoch. */
    static TokenShape of(String mechanism, String token, long nowMs) {
        if (token.length() > LONGEST) {
            return refused("longer than " + LONGEST + " characters", "");
        }
        return mechanism.equals(SaslMechanisms.AWS_MSK_IAM) ? ofJson(token, nowMs) : ofUrl(token, nowMs);
    }

    private static TokenShape ofUrl(String token, long nowMs) {
        if (!BASE64_URL.matcher(token).matches()) {
            return refused("not base64url", "");
        }
        String url;
        try {
            url = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.US_ASCII);
        } catch (IllegalArgumentException e) {
            return refused("not base64url", "");
        }
        // No path means the path "/": Java's signer writes it so, the others write the slash.
        int question = url.indexOf('?');
        if (!PRINTABLE.matcher(url).matches() || !url.startsWith("https://") || question < 0) {
            return refused("not a presigned request", "");
        }
        String query = url.substring(question + 1);
        return ofFields(name -> parameter(query, name), nowMs);
    }

    private static TokenShape ofJson(String token, long nowMs) {
        try {
            JsonNode fields = JSON.readValue(token);
            return ofFields(name -> fields.path(name.toLowerCase(Locale.ROOT)).textValue(), nowMs);
        } catch (JsonProcessingException e) {
            // Its message would quote the token.
            return refused("not JSON, or a field stands twice", "");
        }
    }

    private static TokenShape ofFields(UnaryOperator<String> field, long nowMs) {
        String credential = field.apply("X-Amz-Credential");
        String date = field.apply("X-Amz-Date");
        String expires = field.apply("X-Amz-Expires");
        if (credential == null || date == null || expires == null) {
            return refused("not a presigned request", "");
        }
        String keyId = credential.split("/", 2)[0];
        if (!KEY_ID.matcher(keyId).matches()) {
            return refused("names no access key", "");
        }
        try {
            long signedMs = LocalDateTime.parse(date, DATE).toInstant(ZoneOffset.UTC).toEpochMilli();
            if (!LIFE.matcher(expires).matches()) {
                return refused("its time cannot be read", keyId);
            }
            double lifeS = Double.parseDouble(expires);
            if (lifeS < 1 || lifeS > LONGEST_LIFE_S) {
                return refused("lives longer than " + LONGEST_LIFE_S + " s, or not at all", keyId);
            }
            if (signedMs - CLOCK_SKEW.toMillis() > nowMs) {
                return refused("signed in the future", keyId);
            }
            if (signedMs + lifeS * 1000 + CLOCK_SKEW.toMillis() < nowMs) {
                return refused("expired", keyId);
            }
        } catch (DateTimeException e) {
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
