"""The web service: routes assembled, requests followed, errors told in one shape."""
