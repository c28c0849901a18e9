"""How a process shows what it counts: to a Prometheus on its own machine, or to CloudWatch by its log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from octopus.metrics.embedded import EmbeddedMetrics, written
from octopus.metrics.instruments import Instruments

LOOPBACK = "127.0.0.1"


@contextmanager
def published(instruments: Instruments, *, institution: str, port: int, to_log: bool) -> Iterator[None]:
    """Show what the instruments say while the block lasts.

    Args:
        port: of the loopback address, for Prometheus's text; 0 for none.
        to_log: whether a line goes to standard output each minute, and a last one at the end.

    Raises:
        OSError: the port is taken.
    """
    with ExitStack() as shown:
        shown.enter_context(text_on(port, instruments.registry))
        if to_log:
            metrics = EmbeddedMetrics(instruments, institution=institution)
            shown.enter_context(written(metrics, _write_out))
        yield


@contextmanager
def text_on(port: int, registry: CollectorRegistry) -> Iterator[None]:
    """Serve Prometheus's text on a port of the loopback address while the block lasts; 0 for none.

    Raises:
        OSError: the port is taken.
    """
    if not port:
        yield
        return
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as error:
        raise OSError(error.errno, f"metrics_port {port} of {LOOPBACK}: {error.strerror}") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _write_out(line: str) -> None:
    # Not as a message of the log: its level must not silence alarms.
    sys.stdout.write(line)
    sys.stdout.flush()
