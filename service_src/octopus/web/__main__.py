"""``python -m octopus.web``: the web service as a process."""

from __future__ import annotations

import signal
import socket
import sys

import structlog
import uvicorn

from octopus import log
from octopus.metrics.publishing import published
from octopus.settings import ServiceSettings
from octopus.web.app import create_app
from octopus.web.assembly import assemble
from octopus.web.sockets import listen

_GRACE_S = 25
"""What a stop waits for requests under way, each of which takes no longer; then for the background. Both
together are far less than the two minutes that ECS gives."""
_KEEP_ALIVE_S = 75
"""Longer than a load balancer in front keeps an idle connection (60 s): it must be the one who closes, or it
may send a request into a connection that is gone."""


def main() -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests under way and exit with 0."""
    # For a signal that comes before uvicorn listens for it, and for uvicorn's raising it again once it has
    # stopped: both are a clean exit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    settings = ServiceSettings()  # from the environment
    log.configure(process="service", level=settings.log_level)
    features = assemble(settings)
    app = create_app(settings, features=features)
    sockets = listen(settings.listen_host, settings.listen_port)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    with published(
        features.instruments,
        institution=settings.institution,
        port=settings.metrics_port,
        to_log=settings.metrics_log,
    ):
        structlog.get_logger("octopus.web").info("web.listening", addresses=[_shown(one) for one in sockets])
        uvicorn.Server(config).run(sockets=sockets)


def _shown(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"


if __name__ == "__main__":
    main()
