"""``python -m octopus.heartbeat``: the heartbeat as a process."""

from __future__ import annotations

import signal
import sys
import time

from octopus import log
from octopus.heartbeat.names import EVERY_S
from octopus.heartbeat.opening import open_process
from octopus.metrics.publishing import text_on
from octopus.settings import HeartbeatSettings

_AGAIN_S = 15.0
"""From one round to the next while something does not work: so that soon is known that it does again."""


def main() -> None:
    """Look each minute until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    settings = HeartbeatSettings()  # from the environment
    log.configure(process="heartbeat", level=settings.log_level)
    heartbeat = open_process(settings)
    with text_on(settings.metrics_port, heartbeat.figures.registry):
        while True:
            began = time.monotonic()
            report = heartbeat.beat()
            every_s = _AGAIN_S if report.broken else EVERY_S
            time.sleep(max(0.0, began + every_s - time.monotonic()))


if __name__ == "__main__":
    main()
