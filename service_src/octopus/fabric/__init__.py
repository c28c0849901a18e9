"""The whole fabric on one machine: its state, its processes, and how they start, stop and heal."""
