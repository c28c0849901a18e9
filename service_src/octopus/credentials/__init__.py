"""Keys that clients and platform processes sign with: issued, kept encrypted, listed, deleted."""
