package org.octopus.broker;

/** The judge gave no usable answer. Carries neither token nor secret. */
final class JudgeAwayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    JudgeAwayException(String message) {
        super(message);
    }

    JudgeAwayException(String message, Throwable cause) {
        super(message, cause);
    }
}
