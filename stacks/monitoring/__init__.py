"""What is watched: the rules of alarms as data, and the sections of the dashboard."""
