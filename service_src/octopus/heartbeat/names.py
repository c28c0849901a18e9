"""What the heartbeat goes through."""

from __future__ import annotations

NAMESPACE = "octopus"
TOPIC = "heartbeat"
FULL_NAME = f"{NAMESPACE}.{TOPIC}"
"""In Kafka. Everybody may read it, with any client and over HTTPS, to see whether his client works."""
EVERY_S = 60.0
