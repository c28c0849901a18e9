"""What was changed by whom, and what was denied: the registry's own trail, and events on a system topic."""
