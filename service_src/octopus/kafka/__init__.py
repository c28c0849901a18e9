"""Kafka by librdkafka, signed as MSK's IAM wants it."""
