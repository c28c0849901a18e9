"""What the clock and IAM say about recorded keys, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from octopus.credentials.inspection import is_newborn
from octopus.credentials.models import KeyState, Kind, StoredKey

_APART = timedelta(minutes=5)
"""How far clocks of two replicas may be apart: a key that one has just made is not too long for another."""

UnusedSince = Callable[[StoredKey, datetime], bool]
"""Whether nobody used a key after a moment, for certain."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What is to be done about the keys of one principal. All empty: nothing.

    Attributes:
        ended: keys that end now, by access key id, each with the reason.
        states: keys whose record is to say what IAM says.
        bounded: keys that live too long, each with its end from now on (ISO-8601, UTC).
        over: sessions that have ended by themselves.
        ending: keys that will end, each with the moment (ISO-8601, UTC); nothing to be done but to tell.
    """

    ended: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, KeyState] = field(default_factory=dict)
    bounded: Mapping[str, str] = field(default_factory=dict)
    over: Sequence[str] = ()
    ending: Sequence[tuple[StoredKey, str]] = ()

    def __bool__(self) -> bool:
        return bool(self.ended or self.states or self.bounded or self.over)


def look_at(
    stored: Sequence[StoredKey],
    in_iam: Mapping[str, bool],
    *,
    active_since: str | None,
    unused_since: UnusedSince,
    unused_after: timedelta | None,
    longest: timedelta | None,
) -> Findings:
    """Hold the recorded keys of one principal against IAM and the clock.

    Args:
        stored: keys and sessions.
        in_iam: IAM's keys of the principal; True for active ones.
        active_since: since when the principal's account is active; ISO-8601, UTC. Before, nobody could use
            its keys.
        unused_since: asked only of a key that could have been used for long enough.
        unused_after: time without use after which a key ends; None for never.
        longest: life of a key at most, counted from now for one that was made without such a bound; None
            for no bound.
    """
    keys = [key for key in stored if key.kind is not Kind.SESSION]
    ended = {
        key.access_key_id: reason
        for key in keys
        if (reason := _reason_to_end(key, in_iam, active_since, unused_since, unused_after))
    }
    states = {
        key.access_key_id: KeyState.ACTIVE if in_iam[key.access_key_id] else KeyState.INACTIVE
        for key in keys
        if key.access_key_id not in ended
        and key.access_key_id in in_iam
        and key.state is not KeyState.SUSPENDED
        and in_iam[key.access_key_id] is not (key.state is KeyState.ACTIVE)
    }
    latest = datetime.now(UTC) + longest if longest else None
    bounded = {
        key.access_key_id: latest.isoformat(timespec="seconds")
        for key in keys
        if latest and key.access_key_id not in ended and _lasts_beyond(key, latest + _APART)
    }
    over = [key.access_key_id for key in stored if key.kind is Kind.SESSION and key.expired()]
    # Of one that was rotated, its owner knows: he chose when it ends.
    ending = [
        (key, key.expires)
        for key in keys
        # Of one whose end is only being set, the next round tells.
        if key.expires and key.successor is None and not {key.access_key_id} & (ended.keys() | bounded.keys())
    ]
    return Findings(ended=ended, states=states, bounded=bounded, over=over, ending=ending)


def _lasts_beyond(key: StoredKey, moment: datetime) -> bool:
    return key.expires is None or datetime.fromisoformat(key.expires) > moment


def _reason_to_end(
    key: StoredKey,
    in_iam: Mapping[str, bool],
    active_since: str | None,
    unused_since: UnusedSince,
    unused_after: timedelta | None,
) -> str | None:
    if key.expired():
        return "expired"
    if key.access_key_id not in in_iam:
        return None if is_newborn(key) else "gone from IAM"
    if key.state is KeyState.SUSPENDED or unused_after is None:
        return None
    moment = datetime.now(UTC) - unused_after
    usable = max(datetime.fromisoformat(begin) for begin in (key.created, active_since) if begin)
    return "unused" if usable <= moment and unused_since(key, moment) else None
