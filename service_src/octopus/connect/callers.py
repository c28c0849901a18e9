"""Who may speak to the loopback: programs of this machine that a person let in, and no web page."""

from __future__ import annotations

from starlette.datastructures import Headers

from octopus.connect.errors import MisdirectedError
from octopus.errors import ForbiddenError
from octopus.globus.app import own_hosts


class OwnCallers:
    """Tells this machine's programs from web pages of others; the token is asked for besides."""

    def __init__(self, *, port: int) -> None:
        self._hosts = own_hosts(port)

    def check(self, headers: Headers) -> str:
        """The address that the caller used, ``http://<host>:<port>``.

        Raises:
            MisdirectedError: it is not this machine's own: a page may point its own name at 127.0.0.1 (DNS
                rebinding).
            ForbiddenError: a page of another origin makes the call.
        """
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            raise MisdirectedError("Host: only this machine's own names are served here")
        own = f"http://{host}"
        if headers.get("origin", own).lower() != own:
            raise ForbiddenError("Origin: no page of another origin may call this address")
        # RFC 9110 leaves the Origin of a simple GET out; browsers say this of every request.
        if headers.get("sec-fetch-site", "none").lower() not in ("none", "same-origin"):
            raise ForbiddenError("Sec-Fetch-Site: no page of another site may call this address")
        return own
