"""Topics of a namespace: the registry says whose they are, Kafka says what is in them."""
