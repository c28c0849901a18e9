"""Readings of slow sources, kept with their age, read again ahead of time, one flight a key."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from octopus.judge.errors import SourceUnavailableError

MOST_HELD = 20_000
"""Keys held at once. One more is refused rather than another forgotten, where anyone may make up names: those
must not push out what is in use."""
MOST_FLIGHTS = 256
"""Readings under way or waiting for a thread."""
REMEMBERED_FAILURE = 0.5
"""Seconds for which a source that failed is not asked again."""
_NEVER = float("-inf")

_log = structlog.get_logger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class Lifetime:
    """How long a value serves, in seconds since its reading began."""

    fresh: float
    """It is never used when older."""
    renew: float
    """While anyone asks for it, it is read again in the background when it is older than this."""
    idle: float
    """It is forgotten when nobody has asked for so long."""
    confirmable: bool = False
    """Whether :meth:`Readings.confirm` makes it younger."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[V]):
    """A value, and since when it is known to be right on the monotonic clock, in seconds."""

    value: V
    began: float


class _Entry(Generic[V]):
    def __init__(self, now: float) -> None:
        self.reading: Reading[V] | None = None
        self.flight: asyncio.Task[SourceUnavailableError | None] | None = None
        self.failure: SourceUnavailableError | None = None
        self.failed = 0.0
        self.asked = now
        self.not_before = _NEVER
        """A reading that began earlier may have missed a change."""


class Readings(Generic[K, V]):
    """What a blocking ``read(key, previous value)`` returns, for as long as its lifetime says.

    A value that is read again and is equal stays the same object: whatever was made of it stays good.
    All methods belong to one event loop; reading happens on the executor's threads.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[K, V | None], V],
        *,
        lifetime: Callable[[K, V], Lifetime],
        executor: Executor,
        failed: Callable[[], None],
        evicts: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Readings of ``name``, as it is called in errors.

        Args:
            read: on a thread of ``executor``; may raise SourceUnavailableError.
            failed: called each time that it gave no value.
            evicts: when too many are held, forget the one that was asked for longest ago: for keys of which
                one party can bring many and nobody can make any up.
        """
        self._name = name
        self._read = read
        self._lifetime = lifetime
        self._executor = executor
        self._clock = clock
        self._failed = failed
        self._evicts = evicts
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        """The one asked for last is the last."""
        self._flights = 0
        self._confirmed = _NEVER
        self._confirmed_since = _NEVER

    def __contains__(self, key: K) -> bool:
        """Whether it is held or being read."""
        return key in self._entries

    def held(self, key: K) -> Reading[V] | None:
        """The reading that may be used now, without waiting; None when there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._asked_for(key, entry)
        return self._usable(key, entry)

    def in_use(self) -> dict[K, V]:
        """What has been read and is still asked for, whatever its age."""
        return {key: entry.reading.value for key, entry in self._entries.items() if entry.reading is not None}

    async def get(self, key: K) -> Reading[V]:
        """A reading that may be used now, read anew if need be.

        Raises:
            SourceUnavailableError: the source cannot be read, or too much is held or under way.
        """
        entry = self._entry(key)
        if entry is None:
            raise SourceUnavailableError(f"{self._name}: too many are held")
        self._asked_for(key, entry)
        while (reading := self._usable(key, entry)) is None:
            if entry.failure is not None and self._clock() < entry.failed + REMEMBERED_FAILURE:
                raise entry.failure
            # Shielded: who stops waiting does not stop the reading, which the next one needs.
            failure = await asyncio.shield(self._fly(key, entry))
            if failure is not None:
                raise failure
        return reading

    def offer(self, key: K, value: V, began: float) -> None:
        """Take a value that was read otherwise, together with others, unless a younger one is held."""
        entry = self._entry(key)
        if entry is None or began < entry.not_before:
            return
        self._take(entry, Reading(value, began))

    def expire(self, concerns: Callable[[K, V], bool]) -> None:
        """Something changed: use no reading of what it concerns that began before now."""
        for key, entry in self._entries.items():
            if entry.reading is None or concerns(key, entry.reading.value):
                entry.not_before = self._clock()
                entry.failure = None

    def confirm(self, since: float, at: float) -> None:
        """No change was missed between these moments: what was read after ``since`` is right at ``at``."""
        self._confirmed_since, self._confirmed = since, at

    def renew(self) -> None:
        """Forget what nobody asks for, and start reading again what is soon too old."""
        now = self._clock()
        for key, entry in list(self._entries.items()):
            if entry.flight is not None:
                continue
            if entry.reading is None:
                if now >= entry.failed + REMEMBERED_FAILURE:
                    del self._entries[key]
                continue
            lifetime = self._lifetime(key, entry.reading.value)
            if now > entry.asked + lifetime.idle:
                del self._entries[key]
                continue
            reading = self._usable(key, entry)
            due = reading is None or now > reading.began + lifetime.renew
            failed_lately = entry.failure is not None and now < entry.failed + REMEMBERED_FAILURE
            if due and not failed_lately and self._flights < MOST_FLIGHTS:
                self._fly(key, entry)

    def _entry(self, key: K) -> _Entry[V] | None:
        """The key's entry, made if there is room for one more."""
        entry = self._entries.get(key)
        if entry is not None:
            return entry
        if len(self._entries) >= MOST_HELD:
            if not self._evicts:
                return None
            self._entries.popitem(last=False)
        entry = self._entries[key] = _Entry(self._clock())
        return entry

    def _asked_for(self, key: K, entry: _Entry[V]) -> None:
        entry.asked = self._clock()
        self._entries.move_to_end(key)

    def _usable(self, key: K, entry: _Entry[V]) -> Reading[V] | None:
        reading = entry.reading
        if reading is None or reading.began < entry.not_before:
            return None
        lifetime = self._lifetime(key, reading.value)
        if lifetime.confirmable and self._confirmed_since <= reading.began < self._confirmed:
            reading = Reading(reading.value, self._confirmed)
        return reading if self._clock() <= reading.began + lifetime.fresh else None

    def _take(self, entry: _Entry[V], reading: Reading[V]) -> None:
        previous = entry.reading
        if previous is not None:
            if reading.began < previous.began:
                return
            if reading.value == previous.value:
                reading = Reading(previous.value, reading.began)
        entry.reading, entry.failure = reading, None

    def _fly(self, key: K, entry: _Entry[V]) -> asyncio.Task[SourceUnavailableError | None]:
        if entry.flight is None:
            if self._flights >= MOST_FLIGHTS:
                raise SourceUnavailableError(f"{self._name}: too many are being read")
            self._flights += 1
            entry.flight = asyncio.create_task(self._flight(key, entry))
        return entry.flight

    async def _flight(self, key: K, entry: _Entry[V]) -> SourceUnavailableError | None:
        previous = entry.reading.value if entry.reading is not None else None
        try:
            reading = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._timed_read, key, previous
            )
        except SourceUnavailableError as error:
            failure = error
            if entry.failure is None:
                _log.warning("source.unavailable", source=self._name, reason=str(error))
        except Exception:  # noqa: BLE001 - whatever a source answers, what it means is that nothing is known
            failure = SourceUnavailableError(f"{self._name}: not understood")
            _log.exception("source.not_understood", source=self._name)
        else:
            self._take(entry, reading)
            return None
        finally:
            self._flights -= 1
            entry.flight = None
        entry.failure, entry.failed = failure, self._clock()
        self._failed()
        return failure

    def _timed_read(self, key: K, previous: V | None) -> Reading[V]:
        # On the thread: the wait for a thread must not age a reading, nor a change in that wait be missed.
        began = self._clock()
        return Reading(self._read(key, previous), began)
