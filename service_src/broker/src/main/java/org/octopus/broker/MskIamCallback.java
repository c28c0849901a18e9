package org.octopus.broker;

import javax.security.auth.callback.Callback;

/** Asks who signed what a client of SASL/AWS_MSK_IAM sent; no token afterwards means that it was denied. */
final class MskIamCallback implements Callback {

    private final String signedRequest;
    private VerifiedToken token;

    /** Asks about a signed request, the JSON text as the client sent it. */
    MskIamCallback(String signedRequest) {
        this.signedRequest = signedRequest;
    }

    String signedRequest() {
        return signedRequest;
    }

    void token(VerifiedToken verified) {
        token = verified;
    }

    VerifiedToken token() {
        return token;
    }
}
