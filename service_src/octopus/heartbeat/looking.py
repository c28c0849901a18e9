"""Several looks at once, none of which keeps the process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Answer = TypeVar("Answer")


def begin(look: Callable[[], Answer]) -> Future[Answer]:
    """Look in a thread of its own; the answer, or what it raised, is there when it has ended."""
    found: Future[Answer] = Future()

    def run() -> None:
        try:
            found.set_result(look())
        except BaseException as error:  # noqa: BLE001 - is raised where the answer is asked for
            found.set_exception(error)

    # A daemon: whoever stops the process waits for no broker.
    threading.Thread(target=run, name="heartbeat: look", daemon=True).start()
    return found
