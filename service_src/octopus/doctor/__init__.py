"""Finds out why something does not work, one check after the other, each with the fix in words."""
