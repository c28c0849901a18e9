package org.octopus.broker;

/** What the judge says of one principal's policy. */
sealed interface PolicyReply {

    PolicyKey key();

    /** New rules; {@code ageMs} is the age of the oldest reading behind them. */
    record Rules(PolicyKey key, String version, long ageMs, Policy policy) implements PolicyReply {}

    /** The rules of the version that is held still stand. */
    record Unchanged(PolicyKey key, String version, long ageMs) implements PolicyReply {}

    /** The key or its owner has no rights any more. */
    record Denied(PolicyKey key, String reason) implements PolicyReply {}

    /** The judge cannot read its sources: what is held goes on ageing. */
    record Unknown(PolicyKey key, String reason) implements PolicyReply {}
}
