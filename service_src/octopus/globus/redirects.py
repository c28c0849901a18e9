"""Where the login page may send a browser: never off this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from octopus.globus.settings import is_loopback_url

CODE_PAGE = "/v2/web/auth-code"
"""Shows the code for copying into a terminal."""


class RedirectRule:
    """Loopback addresses over plain HTTP (RFC 8252 section 7.3), which include this server's own page."""

    text = f"only loopback addresses are allowed, and of this server's own pages only {CODE_PAGE}"

    def __init__(self, *, port: int) -> None:
        self._port = port

    def allows(self, redirect_uri: str) -> bool:
        """Whether a code may be sent to this address."""
        if not is_loopback_url(redirect_uri) or any(each <= " " or each == "\\" for each in redirect_uri):
            return False
        parts = urlsplit(redirect_uri)
        if (
            parts.scheme != "http"
            or parts.fragment
            or parts.username is not None
            or parts.password is not None
        ):
            return False
        try:
            port = parts.port or 80
        except ValueError:
            return False
        # Of our own pages, the one that shows the code and no other.
        return port != self._port or parts.path == CODE_PAGE


class OwnPageOnly:
    """The page that shows the code to the person: no other server gets it, on this machine or off it."""

    def __init__(self, *, issuer: str) -> None:
        self._page = f"{issuer}{CODE_PAGE}"
        self.text = f"only {self._page} is allowed"

    def allows(self, redirect_uri: str) -> bool:
        """Whether a code may be sent to this address."""
        return redirect_uri == self._page
