"""An institution's fabric on this machine's loopback, so that the published SDK reaches it as it is."""
