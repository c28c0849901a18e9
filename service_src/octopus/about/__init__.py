"""What a client has to know of a fabric before it can log in."""
