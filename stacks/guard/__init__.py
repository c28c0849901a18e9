"""The guard: what an update from the last release would do to what holds state."""
