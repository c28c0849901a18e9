"""An instrument's side: a watched folder's changes become events on a topic, in a process of its own.

Told whose machine it is by the environment, as ``octopus env`` prints it. It writes one JSON object a line:
``{"event": "ready"}`` when it watches, and ``{"event": "ended", ...}`` after SIGTERM, when everything that
happened before the signal, and the end-of-run event after it, is acknowledged by the brokers.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from octopus.demo.account import open_account
from octopus.demo.errors import EXPECTED
from octopus.demo.events import Event, Kind
from octopus.demo.publishing import Publisher
from octopus.demo.tracking import Tracker
from octopus.demo.watching import Changed, Lost, Marked, Moved, Notice, Watch, is_mark

_MARK_AGAIN_S = 2
"""A mark that does not show after this was lost, and another one is set."""
_IDLE_S = 0.1


class Instrument:
    """Follows a folder and sends its changes."""

    def __init__(self, watch: Watch, send: Callable[[Event], None]) -> None:
        self._watch = watch
        self._tracker = Tracker(watch.folder, send, ignore=is_mark)
        self._awaited: str | None = None
        self.losses = 0
        """How often notices were lost and everything was looked at."""

    @property
    def unreadable(self) -> list[str]:
        """Paths that can't be read, so that readers do not have them."""
        return self._tracker.unreadable

    def follow(self, ended: threading.Event, *, idle: Callable[[], object] = lambda: None) -> None:
        """Send what is there and whatever changes until ``ended`` is set, and then all that happened before.

        Args:
            idle: called now and then.
        """
        self._tracker.changed("", time.time_ns())
        while not ended.is_set():
            self._work()
            idle()
        self._catch_up()
        if self.losses:  # the watch is whole again by now
            self._tracker.changed("", time.time_ns())
        while self._tracker.look(hurry=True):
            self._take_all()

    def _catch_up(self) -> None:
        """Work until the notice of everything that happened up to now was taken."""
        while True:
            self._awaited = self._watch.mark()
            until = time.monotonic() + _MARK_AGAIN_S
            while self._awaited is not None and time.monotonic() < until:
                self._work()
            if self._awaited is None:
                return

    def _work(self) -> None:
        self._take_all()
        if self._tracker.look():
            return
        due = self._tracker.next_due()
        try:
            self._take(self._watch.notices.get(timeout=_IDLE_S if due is None else min(due, _IDLE_S)))
        except queue.Empty:
            return

    def _take_all(self) -> None:
        while True:
            try:
                self._take(self._watch.notices.get_nowait())
            except queue.Empty:
                return

    def _take(self, notice: Notice) -> None:
        match notice:
            case Changed(path, time_ns, complete, deleted):
                self._tracker.changed(path, time_ns, complete=complete, deleted=deleted)
            case Moved(source, target, time_ns):
                self._tracker.moved(source, target, time_ns)
            case Marked(mark):
                if mark == self._awaited:
                    self._awaited = None
            case Lost(time_ns, broken):
                self.losses += 1
                if broken:
                    self._watch.renew()
                self._tracker.changed("", time_ns, complete=False)


def main() -> None:
    """Run as a process: ``python -m octopus.demo.instrument``."""
    parser = argparse.ArgumentParser(prog="octopus.demo.instrument", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder to watch")
    parser.add_argument("--topic", required=True, help="topic, under the name that Kafka clients use")
    parser.add_argument("--service", required=True, help="address of the web service")
    arguments = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    account = open_account(service_url=arguments.service)
    publisher = Publisher(account.kafka_settings(), arguments.topic)
    publisher.send(Event(kind=Kind.RUN_BEGAN, path="", time_ns=time.time_ns()))
    publisher.flush()
    with Watch(arguments.folder) as watch:
        instrument = Instrument(watch, publisher.send)
        _say(event="ready")
        instrument.follow(ended, idle=publisher.poll)
    publisher.flush()
    publisher.send(Event(kind=Kind.RUN_ENDED, path="", time_ns=time.time_ns()))
    publisher.flush()
    _say(
        event="ended",
        **dataclasses.asdict(publisher.delivered),
        losses=instrument.losses,
        unreadable=instrument.unreadable,
    )


def _say(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except EXPECTED as error:
        sys.exit(f"{type(error).__name__}: {error}")
