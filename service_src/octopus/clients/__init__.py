"""Settings of other people's Kafka clients, ready to use with one fabric."""
