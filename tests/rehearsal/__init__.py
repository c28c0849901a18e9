"""A rehearsed upgrade from the last release to this tree, with data in place, and back."""
