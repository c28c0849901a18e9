"""A stand-in for Globus Auth, for one machine: the same endpoints, its own identities, loopback only."""
