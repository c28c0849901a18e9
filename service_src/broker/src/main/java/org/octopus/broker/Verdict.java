package org.octopus.broker;

/** What the judge says of a token. */
sealed interface Verdict {

    /** The token is good until {@code lifetimeMs} (ms since epoch), and these are the rights it carries. */
    record Allowed(Identity identity, long lifetimeMs, PolicyReply.Rules policy) implements Verdict {}

    /** Final: the same token will not be accepted later. */
    record Denied(String reason) implements Verdict {}

    /** Nobody can tell now; the client should try again. */
    record Unknown(String reason) implements Verdict {}
}
