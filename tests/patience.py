"""How long tests wait for what is to come, in one place."""

PATIENCE_S = 180.0
"""Seconds that a condition is awaited, a process's start, or a reply: no test is about them. What is to come
comes within seconds on a quiet machine; on a busy one with two cores it has taken over a minute."""
