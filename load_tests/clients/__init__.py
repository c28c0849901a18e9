"""Clients that put load on the fabric; each runs in a process of its own."""
