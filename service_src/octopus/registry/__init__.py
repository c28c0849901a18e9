"""How the registry is written: what must agree is written together, one change of a thing at a time."""
