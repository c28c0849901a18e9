"""Who is calling: a Globus access token turned into a subject."""
