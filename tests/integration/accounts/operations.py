"""What is done to accounts, keys and topics, each from where it usually begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.callers import caller_of
from tests.integration.accounts.fabric import Fabric


def nothing(_fabric: Fabric) -> None:
    """The subject has never been here."""


def account(fabric: Fabric) -> None:
    """With a key, a topic and a group."""
    fabric.features.keys.current(fabric.subject)
    fabric.features.topics.create(caller_of(fabric.subject), fabric.namespace, "events")
    fabric.groups.add(f"{fabric.namespace}.readers", reads=fabric.topic)


def account_without_key(fabric: Fabric) -> None:
    fabric.features.accounts.create(fabric.subject)


def suspended(fabric: Fabric) -> None:
    account(fabric)
    fabric.features.suspensions.suspend(fabric.subject)


def deleted(fabric: Fabric) -> None:
    account(fabric)
    fabric.features.accounts.delete(fabric.subject)


def deletion_due(fabric: Fabric) -> None:
    deleted(fabric)
    fabric.clock.now += fabric.settings.last_requests_s


def rotate(fabric: Fabric, overlap: timedelta) -> None:
    keys = fabric.features.keys.recorded(fabric.subject)
    if not any(key.successor for key in keys):  # not done yet
        fabric.features.keys.rotate(fabric.subject, keys[-1].access_key_id, overlap=overlap)


def revoke(fabric: Fabric) -> None:
    for key in fabric.features.keys.recorded(fabric.subject):
        fabric.features.keys.revoke(fabric.subject, key.access_key_id)


def open_session(fabric: Fabric) -> None:
    fabric.features.sessions.open(
        fabric.subject, topics=[fabric.topic], actions=["read"], duration_s=900, label="here"
    )


@dataclass(frozen=True)
class Operation:
    """Something that a caller, an operator or the background has done.

    Attributes:
        given: what there is before.
        does: does it. Doing it again after a death must succeed.
    """

    given: Callable[[Fabric], None]
    does: Callable[[Fabric], Any]


OPERATIONS: dict[str, Operation] = {
    "create user": Operation(nothing, lambda fabric: fabric.features.accounts.create(fabric.subject)),
    "create key": Operation(account_without_key, lambda fabric: fabric.features.keys.current(fabric.subject)),
    "create topic": Operation(
        account,
        lambda fabric: fabric.features.topics.create(caller_of(fabric.subject), fabric.namespace, "others"),
    ),
    "delete topic": Operation(
        account,
        lambda fabric: fabric.features.topics.delete(caller_of(fabric.subject), fabric.namespace, "events"),
    ),
    "recreate topic": Operation(
        account,
        lambda fabric: fabric.features.topics.recreate(caller_of(fabric.subject), fabric.namespace, "events"),
    ),
    "rotate at once": Operation(account, lambda fabric: rotate(fabric, timedelta())),
    "rotate with overlap": Operation(account, lambda fabric: rotate(fabric, timedelta(hours=1))),
    "revoke": Operation(account, revoke),
    "open session": Operation(account, open_session),
    "suspend": Operation(account, lambda fabric: fabric.features.suspensions.suspend(fabric.subject)),
    "resume": Operation(suspended, lambda fabric: fabric.features.suspensions.resume(fabric.subject)),
    "delete user": Operation(account, lambda fabric: fabric.features.accounts.delete(fabric.subject)),
    "delete user, behind the call": Operation(
        deletion_due, lambda fabric: fabric.features.accounts.heal(fabric.subject)
    ),
    "create user again": Operation(deleted, lambda fabric: fabric.features.accounts.create(fabric.subject)),
}
