package org.octopus.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenShapeTest {

    private static final long NOW = Instant.parse("2026-11-22T05:00:00Z").toEpochMilli();
    private static final String KEY_ID = "AKIAABCDEFGHIJKLMNOP";

    @Test
    void presignedConnectMayBeAToken() {
        TokenShape shape = TokenShape.of("OAUTHBEARER", token(KEY_ID, "20261122T045500Z", "900"), NOW);
        assertFalse(shape.refused());
        assertEquals(KEY_ID, shape.claimedKeyId());
    }

    @Test
    void lifeMayHaveMilliseconds() {
        assertFalse(TokenShape.of("OAUTHBEARER", token(KEY_ID, "20261122T045500Z", "899.251"), NOW)
                .refused());
    }

    @Test
    void presignedConnectWithoutAPathMayBeAToken() {
        String url = new String(Base64.getUrlDecoder().decode(token(KEY_ID, "20261122T045500Z", "900")));
        byte[] javas = url.replace(".com/?", ".com?").getBytes(StandardCharsets.US_ASCII);
        assertFalse(TokenShape.of("OAUTHBEARER", Base64.getUrlEncoder().withoutPadding().encodeToString(javas), NOW)
                .refused());
    }

    @ParameterizedTest
    @CsvSource({
        "20261122T043959Z, 900, expired",
        "20261122T050501Z, 900, signed in the future",
        "20261122T050000Z, 901, lives longer",
        "20261122T050000Z, 900.001, lives longer",
        "20261122T050000Z, 1e2, cannot be read",
        "20261122T050000Z, 0, lives longer",
        "20261122T050000Z, 9999999999999, cannot be read",
        "yesterday, 900, cannot be read",
    })
    void tokenOutOfItsTimeIsRefused(String date, String expires, String reason) {
        TokenShape shape = TokenShape.of("OAUTHBEARER", token(KEY_ID, date, expires), NOW);
        assertTrue(shape.refusal().contains(reason), shape.refusal());
    }

    @ParameterizedTest
    @ValueSource(strings = {"akia", "", "AKIA-BCDEFGHIJKLMNOP"})
    void tokenWithoutAKeyIsRefused(String keyId) {
        assertTrue(TokenShape.of("OAUTHBEARER", token(keyId, "20261122T045500Z", "900"), NOW).refused());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "e30.e30.e30", "a+b/", "AAAA", "=", "A"})
    void otherTextIsRefused(String token) {
        assertTrue(TokenShape.of("OAUTHBEARER", token, NOW).refused());
    }

    @Test
    void overlongTokenIsRefusedUnread() {
        assertTrue(TokenShape.of("OAUTHBEARER", "A".repeat(8193), NOW).refusal().contains("longer"));
    }

    @Test
    void brokenPercentEncodingIsRefused() {
        assertTrue(TokenShape.of("OAUTHBEARER", token("%zz" + KEY_ID, "20261122T045500Z", "900"), NOW).refused());
    }

    @Test
    void signedRequestOfJavasClientMayBeAToken() {
        TokenShape shape = TokenShape.of("AWS_MSK_IAM", json(KEY_ID, "20261122T045500Z", "900"), NOW);
        assertFalse(shape.refused());
        assertEquals(KEY_ID, shape.claimedKeyId());
    }

    @Test
    void oneMechanismsTokenIsNoneOfTheOther() {
        String url = token(KEY_ID, "20261122T045500Z", "900");
        assertTrue(TokenShape.of("AWS_MSK_IAM", url, NOW).refused());
        String json = json(KEY_ID, "20261122T045500Z", "900");
        assertTrue(TokenShape.of("OAUTHBEARER", json, NOW).refused());
    }

    @Test
    void signedRequestOutOfItsTimeIsRefusedAndItsKeyTold() {
        TokenShape shape = TokenShape.of("AWS_MSK_IAM", json(KEY_ID, "20261122T043959Z", "900"), NOW);
        assertEquals(new TokenShape("expired", KEY_ID), shape);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "null",
                "\"text\"",
                "{}",
                "{\"x-amz-credential\":1,\"x-amz-date\":2,\"x-amz-expires\":3}",
                "{\"a\":\"1\",\"a\":\"2\"}",
                "{} {}",
            })
    void otherJsonIsRefused(String text) {
        assertTrue(TokenShape.of("AWS_MSK_IAM", text, NOW).refused());
    }

    @Test
    void overlongJsonIsRefusedUnread() {
        assertTrue(TokenShape.of("AWS_MSK_IAM", "[".repeat(8193), NOW).refusal().contains("longer"));
    }

    private static String json(String keyId, String date, String expires) {
        return "{\"version\":\"2020_10_22\",\"host\":\"broker.example.org\",\"action\":\"kafka-cluster:Connect\","
                + "\"x-amz-credential\":\"" + keyId + "/20261122/us-east-1/kafka-cluster/aws4_request\","
                + "\"x-amz-date\":\"" + date + "\",\"x-amz-expires\":\"" + expires + "\"}";
    }

    private static String token(String keyId, String date, String expires) {
        String url = "https://kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect"
                + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + keyId
                + "%2F20261122%2Fus-east-1%2Fkafka-cluster%2Faws4_request&X-Amz-Date=" + date
                + "&X-Amz-Expires=" + expires + "&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
        return Base64.getUrlEncoder().withoutPadding().encodeToString(url.getBytes(StandardCharsets.US_ASCII));
    }
}
