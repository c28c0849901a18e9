package org.octopus.broker;

/** What a held policy is found by: a session of a principal may hold less than the principal does. */
record PolicyKey(String principal, String accessKeyId) {}
