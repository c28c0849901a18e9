"""The load that a bill is made for, as words of a command line give it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stacks.settings import Settings, SettingsError
from stacks.settings import values as read


def _number(low: float, high: float) -> Callable[[object], float]:
    """Read a number from ``low`` to ``high``."""

    def of(raw: object) -> float:
        try:
            found = float(str(raw))
        except ValueError:
            found = math.nan
        if not low <= found <= high:
            raise read.RefusedError(f"must be a number from {low:g} to {high:g}")
        return found

    return of


@dataclass(frozen=True)
class Option:
    """One word of the load: how it is read, what it is without being given, and what it says."""

    read: Callable[[object], Any]
    usual: float | None
    """None where the settings say it."""
    about: str


OPTIONS: Mapping[str, Option] = {
    "events-per-second": Option(_number(0, 1e7), 10, "events written in a second, on the month's average"),
    "event-bytes": Option(read.whole_number(1, 1 << 30), 1000, "bytes of one of them, as sent"),
    "retention-hours": Option(
        _number(1, 876_000),
        None,
        "hours for which they are kept (default: the setting kafka_retention_hours)",
    ),
    "consumers": Option(_number(0, 1000), 2, "how many times each of them is read"),
    "internet-share": Option(_number(0, 1), 0.1, "part, 0 to 1, of what is read that leaves AWS"),
    "https-share": Option(
        _number(0, 1), 0.1, "part, 0 to 1, of events that are written and read over HTTPS, the rest by Kafka"
    ),
    "events-per-request": Option(read.whole_number(1, 10_000), 100, "events of one HTTPS request"),
    "users": Option(read.whole_number(0, 1_000_000), 20, "people"),
    "requests-per-user": Option(
        _number(0, 1e6), 100, "HTTPS requests of each in a day, beside those that carry events"
    ),
    "partitions": Option(
        read.whole_number(0, 1_000_000), 30, "partitions of all topics, which serverless brokers charge for"
    ),
    "tasks": Option(
        _number(1, 1000),
        None,
        "tasks in Fargate on the month's average (default: the setting service_replicas)",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Load:
    """What people do with the fabric; each field as its option says."""

    events_per_second: float
    event_bytes: int
    retention_hours: float
    consumers: float
    internet_share: float
    https_share: float
    events_per_request: int
    users: int
    requests_per_user: float
    partitions: int
    tasks: float


def of(given: Mapping[str, str | None], settings: Settings) -> Load:
    """Return the load that ``given`` says, by names of options; the rest is as usual.

    Raises:
        SettingsError: a value breaks its rule.
    """
    of_settings = {
        "retention-hours": settings.kafka_retention_hours,
        "tasks": settings.service_replicas,
    }
    values: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        raw = given.get(name)
        usual = of_settings[name] if option.usual is None else option.usual
        try:
            values[name.replace("-", "_")] = usual if raw is None else option.read(raw)
        except read.RefusedError as rule:
            raise SettingsError(f"--{name} {rule}; the value given is {raw!r}.") from None
    return Load(**values)
