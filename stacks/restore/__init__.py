"""The registry as it was at an earlier second."""
