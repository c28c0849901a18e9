"""How much of the fabric a person or a project may take: counts, bytes and rates."""
