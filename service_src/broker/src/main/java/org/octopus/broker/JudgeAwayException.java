package org.octopus.broker;

/** The judge gave no usable answer. Carries neither token nor secret, and no stack: Kafka logs one a connection. */
final class JudgeAwayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    JudgeAwayException(String message) {
        super(message, null, false, false);
    }

    JudgeAwayException(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}
