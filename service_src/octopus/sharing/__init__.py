"""Grants on topics and projects: who gives what to whom, and who can do what and why."""
