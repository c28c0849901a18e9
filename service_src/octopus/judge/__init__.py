"""The judge: says who signed a Kafka token, and what its principal may do."""
