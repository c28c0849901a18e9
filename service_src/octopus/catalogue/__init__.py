"""The catalogue: topics found by the words of their names and descriptions."""
