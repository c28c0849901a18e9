"""Public topics: their records over HTTPS, for anybody, without logging in."""
