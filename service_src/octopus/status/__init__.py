"""What of the fabric works now, and since when."""
