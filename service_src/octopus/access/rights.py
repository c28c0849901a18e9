"""Data rights out of grants: what Kafka is told of a subject."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from octopus.access.models import EVERY_TOPIC, ROLES, Grant, NamespaceFacts, Right
from octopus.heartbeat.names import FULL_NAME as HEARTBEAT
from octopus.iam.holdings import Claim, DataRight, Holdings, Level, own
from octopus.topics.names import full_name

EVERYBODYS: Holdings = frozenset({DataRight(HEARTBEAT, Level.READ, claim=Claim.EVERYBODY)})
"""What whoever has an account holds besides."""


def data_rights(
    namespaces: Collection[str],
    grants: Iterable[Grant],
    facts: Mapping[str, NamespaceFacts],
    now: datetime,
) -> Holdings:
    """The fewest data rights that say what a subject holds.

    Args:
        namespaces: the subject's own.
        grants: in force now, to whatever he is known as.
        facts: of namespaces in use; grants on others give nothing.
        now: a project whose end it has reached is read and not written.
    """
    rights = {*own(*namespaces), *EVERYBODYS}
    # Of equal rights a set keeps the first: the most senior.
    for grant in sorted(grants, key=lambda grant: (grant.right not in ROLES, grant.created)):
        if grant.namespace in facts:
            rights.update(_of_grant(grant, facts[grant.namespace], now))
    named: dict[str, list[DataRight]] = {}
    for right in rights:
        named.setdefault(right.name, []).append(right)
    kept: list[DataRight] = []
    seniors: dict[str, DataRight] = {}
    for right in rights:
        wider = {
            other.name
            for name in {right.name, _whole_namespace(right.name)}
            for other in named.get(name, ())
            if other != right and _leaves_nothing(other, right)
        }
        if not wider:
            kept.append(right)
        for name in {right.name, *wider}:  # what takes a right's place is as senior as that was
            seniors[name] = min(seniors.get(name, right), right, key=lambda one: one.seniority)
    return frozenset(
        replace(right, claim=seniors[right.name].claim, given=seniors[right.name].given) for right in kept
    )


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The first of two ends, either of which may never come (None)."""
    return min((end for end in (one, other) if end is not None), default=None)


def _of_grant(grant: Grant, facts: NamespaceFacts, now: datetime) -> Iterator[DataRight]:
    name = full_name(grant.namespace, grant.topic)
    if grant.right in ROLES:
        whole = full_name(grant.namespace, EVERY_TOPIC)
        if facts.ends is not None:
            yield DataRight(whole, Level.READ, grant.until, Claim.ROLE, grant.created)
        if not facts.frozen(now):
            end = sooner(grant.until, facts.ends)
            yield DataRight(whole, Level.ALL, end, Claim.ROLE, grant.created)
    elif grant.right is Right.READ:
        yield DataRight(name, Level.READ, grant.until, Claim.GRANT, grant.created)
    elif grant.right is Right.WRITE and not facts.frozen(now):
        end = sooner(grant.until, facts.ends)
        yield DataRight(name, Level.WRITE, end, Claim.GRANT, grant.created)


def _leaves_nothing(wider: DataRight, right: DataRight) -> bool:
    """Whether a right on the same name, or on all of its namespace, is as much and lasts as long."""
    return (wider.level is right.level or wider.level is Level.ALL) and (
        wider.until is None or (right.until is not None and wider.until >= right.until)
    )


def _whole_namespace(name: str) -> str:
    return full_name(name.partition(".")[0], EVERY_TOPIC)
