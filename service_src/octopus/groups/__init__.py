"""Consumer groups by Kafka's own protocol, with the caller's own key: IAM decides."""
