"""What the fabric measures of itself."""
