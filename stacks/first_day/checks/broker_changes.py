"""What MSK takes of a change of brokers that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.first_day.findings import Finding, cannot_tell, fails

ABOUT = "brokers"
Changed = Mapping[str, tuple[Any, Any]]
"""Variables with the value that was deployed and the one that is wanted."""

_FOR_GOOD = ("kafka", "zones")
_OF_THE_CONFIGURATION = ("kafka_retention_hours", "min_insync_replicas", "replication_factor")
_LEAST_GROWTH_GIB = 10
_TO_KRAFT = ("3.9.x", "3.9.x.kraft")
_SMALLEST = "kafka.t3.small"


def problems(changed: Changed, *, deployed: Mapping[str, Any], held_gib: int) -> Iterator[Finding]:
    """Yield what stands in the way of a change, and what nobody can tell of it.

    Args:
        deployed: the variables that the brokers were deployed with.
        held_gib: storage of a broker as it is now; it may have grown by itself.
    """
    for_good = list(_for_good(changed))
    yield from for_good
    if for_good:
        return
    yield from _fewer(changed, deployed)
    yield from _storage(changed, held_gib)
    yield from _version(changed, deployed)
    yield from _together(changed)


def told(changed: Changed) -> str:
    """Return the change in words."""
    return "change " + ", ".join(f"{name} from {old} to {new}" for name, (old, new) in changed.items())


def _for_good(changed: Changed) -> Iterator[Finding]:
    for name in _FOR_GOOD:
        if name in changed:
            old, new = changed[name]
            yield fails(
                ABOUT,
                f"{name} never changes, from {old} to {new}",
                f"give {name}={old}, or make another cluster under another institution's name",
            )


def _fewer(changed: Changed, deployed: Mapping[str, Any]) -> Iterator[Finding]:
    old, new = changed.get("broker_count", (0, 0))
    if new >= old:
        return
    if deployed["broker_type"] == _SMALLEST:
        yield fails(
            ABOUT,
            f"broker_count never goes down with {_SMALLEST}, from {old} to {new}",
            f"give broker_count={old}",
        )
    else:
        yield cannot_tell(
            ABOUT,
            f"{told({'broker_count': (old, new)})}: MSK takes away one broker a zone at a time, and only what"
            " holds no partition",
            "move partitions away before; Express brokers with rebalancing do it by themselves",
        )


def _storage(changed: Changed, held_gib: int) -> Iterator[Finding]:
    old, new = changed.get("broker_storage_gib", (0, 0))
    least = held_gib + _LEAST_GROWTH_GIB
    if new < old:
        yield fails(
            ABOUT,
            f"broker_storage_gib never goes down, from {old} to {new}",
            f"give broker_storage_gib={old}",
        )
    elif old < new < least:
        yield fails(
            ABOUT,
            f"broker_storage_gib would be {new}, where each broker has {held_gib} now, and MSK adds"
            f" {_LEAST_GROWTH_GIB} at least",
            f"give broker_storage_gib={least} or more, or leave it at {old}",
        )
    if changed.get("tiered_storage") == (True, False):
        yield fails(ABOUT, "tiered_storage is never turned off", "give tiered_storage=true")


def _version(changed: Changed, deployed: Mapping[str, Any]) -> Iterator[Finding]:
    old, new = changed.get("kafka_version", ("", ""))
    if old == new:
        return
    if _release(new) < _release(old) or (_has_kraft(old) and not _has_kraft(new)):
        yield fails(ABOUT, f"kafka_version never goes back, from {old} to {new}", f"give kafka_version={old}")
    elif deployed["kafka"] == "msk-standard" and _has_kraft(new) and not _has_kraft(old):
        yield from _to_kraft((old, new), deployed)


def _to_kraft(versions: tuple[str, str], deployed: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield why these brokers cannot leave ZooKeeper by this step."""
    about = f"change kafka_version from {versions[0]} to {versions[1]}"
    first, last = _TO_KRAFT
    if deployed["zones"] < 3:
        yield fails(
            ABOUT, f"{about}, and only brokers in three zones leave ZooKeeper", f"give kafka_version={first}"
        )
    elif deployed["broker_type"] == _SMALLEST:
        yield fails(
            ABOUT,
            f"{about}, and no {_SMALLEST} leaves ZooKeeper",
            "deploy with another broker_type first, such as kafka.m7g.large",
        )
    elif versions != _TO_KRAFT:
        step = last if versions[0] == first else first
        yield fails(
            ABOUT,
            f"{about}, and brokers leave ZooKeeper from {first} to {last} only",
            f"deploy with kafka_version={step} first",
        )


def _has_kraft(version: str) -> bool:
    return version.endswith(".kraft")


def _release(version: str) -> list[int]:
    return [int(number) for number in version.split(".")[:2]]


def _together(changed: Changed) -> Iterator[Finding]:
    things = {"configuration" if name in _OF_THE_CONFIGURATION else name for name in changed}
    if len(things) > 1:
        yield fails(
            ABOUT,
            f"{told(changed)}, and MSK changes one thing of a cluster at a time",
            "deploy with one of them, then with the next",
        )
