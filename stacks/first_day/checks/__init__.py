"""The checks before a deployment: one module each, which yields nothing where the settings do not need it."""
