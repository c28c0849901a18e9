"""What is done to accounts, keys and topics, each from where it usually begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from octopus.access.models import Grant, Right, user
from octopus.access.refresh import POLICIES_S
from octopus.topics.changes import Wish
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


def friend(fabric: Fabric) -> None:
    """The subject has an account, and another one has too, in whom the subject's topic is of interest."""
    account(fabric)
    account_without_key(fabric.of_friend())


def grant(fabric: Fabric) -> Grant:
    """The friend may read the subject's topic for an hour."""
    return Grant(
        namespace=fabric.namespace,
        topic="events",
        grantee=user(fabric.friend),
        right=Right.READ,
        until=datetime.fromtimestamp(fabric.clock.now, UTC) + timedelta(hours=1),
        by=fabric.subject,
        created=datetime.fromtimestamp(fabric.clock.now, UTC),
    )


def shared(fabric: Fabric) -> None:
    """The friend may read the subject's topic without end."""
    friend(fabric)
    fabric.features.access.give(replace(grant(fabric), until=None))


def deletion_parting(fabric: Fabric) -> None:
    """The friend had a right on the deleted subject's topic, and has lost it since."""
    shared(fabric)
    fabric.features.accounts.delete(fabric.subject)
    fabric.features.refreshes.work_off()
    fabric.clock.now += POLICIES_S


def moving(fabric: Fabric) -> None:
    """The friend, who has a key, a topic and a grant on the subject's, is about to become the subject."""
    account(fabric)
    account(fabric.of_friend())
    fabric.features.access.give(grant(fabric))


def moved(fabric: Fabric) -> None:
    """The subject has a further namespace, which the friend may read a topic of."""
    moving(fabric)
    fabric.features.moves.move(fabric.friend, fabric.subject)
    fabric.wait(fabric.settings.last_requests_s)


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


TO_BE = Wish(
    {"partitions": 2, "retention_ms": 3_600_000}, {"description": "measured by night", "listed": True}
)
"""What a topic is changed to."""


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
    "change topic": Operation(
        account,
        lambda fabric: fabric.features.configuration.change(
            caller_of(fabric.subject), fabric.namespace, "events", TO_BE
        ),
    ),
    "rotate at once": Operation(account, lambda fabric: rotate(fabric, timedelta())),
    "rotate with overlap": Operation(account, lambda fabric: rotate(fabric, timedelta(hours=1))),
    "revoke": Operation(account, revoke),
    "open session": Operation(account, open_session),
    "suspend": Operation(account, lambda fabric: fabric.features.suspensions.suspend(fabric.subject)),
    "resume": Operation(suspended, lambda fabric: fabric.features.suspensions.resume(fabric.subject)),
    "delete user": Operation(shared, lambda fabric: fabric.features.accounts.delete(fabric.subject)),
    "delete user, once policies are written": Operation(
        deletion_parting, lambda fabric: fabric.features.accounts.heal(fabric.subject)
    ),
    "delete user, behind the call": Operation(
        deletion_due, lambda fabric: fabric.features.accounts.heal(fabric.subject)
    ),
    "move account": Operation(
        moving, lambda fabric: fabric.features.moves.move(fabric.friend, fabric.subject)
    ),
    "wipe namespace": Operation(
        shared, lambda fabric: fabric.features.namespaces.wipe(fabric.subject, fabric.namespace)
    ),
    "delete further namespace": Operation(
        moved,
        lambda fabric: fabric.features.namespaces.delete(fabric.subject, fabric.of_friend().namespace),
    ),
    "give grant": Operation(friend, lambda fabric: fabric.features.access.give(grant(fabric))),
    "take grant": Operation(
        shared,
        lambda fabric: fabric.features.access.take(
            fabric.namespace, "events", grant(fabric).id, actor=fabric.subject
        ),
    ),
    "create user again": Operation(deleted, lambda fabric: fabric.features.accounts.create(fabric.subject)),
}
