"""The policies that the fabric writes into IAM."""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from octopus.errors import InvalidError
from octopus.iam.data_plane import (
    CLUSTER_ACTIONS,
    GROUP,
    TRANSACTION_ACTIONS,
    TRANSACTIONAL_ID,
    Cluster,
    Need,
    everything_named,
    on_topics,
)
from octopus.iam.holdings import DataRight, Holdings, Level

INLINE_POLICY_CEILING = 2048
"""Characters that IAM takes for all inline policies of one user; it does not count whitespace."""
MANAGED_POLICY_CEILING = 6144
"""Characters that IAM takes for one managed policy; it does not count whitespace."""
MOST_MANAGED_POLICIES = 10
"""Managed policies that IAM attaches to one user."""
SESSION_POLICY_CEILING = 2048
"""Characters that STS takes for a session's own policy, whitespace and all."""

_NAME = re.compile(
    r"(?P<namespace>[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)\.(?P<topic>\*|[A-Za-z0-9_-][A-Za-z0-9._-]*)"
)
_DATA_ACTIONS = {Level.READ: "ReadData", Level.WRITE: "WriteData"}
_NEVER_ENDS = datetime.max.replace(tzinfo=UTC)
_TOPIC = re.compile(r"(?P<namespace>[A-Za-z0-9_-]+)\.(?:\*|[A-Za-z0-9._-]+)")


class PolicyTooLargeError(InvalidError):
    """A principal or a session is to have more than its policies can name."""


@dataclass(frozen=True)
class PolicySet:
    """All policies that the fabric writes for one principal: their allows add up."""

    inline: dict[str, Any]
    managed: tuple[dict[str, Any], ...] = ()
    """Numbered from 1 where they are stored."""

    @property
    def all(self) -> tuple[dict[str, Any], ...]:
        """The inline policy, then the managed ones by number."""
        return self.inline, *self.managed

    @property
    def sha256(self) -> str:
        """Of all of them in order; with the inline policy alone, of that."""
        return policy_sha256(*self.all)


def principal_policies(*, cluster_arn: str, holdings: Holdings) -> PolicySet:
    """A tenant's policies: its rights to data on one cluster, and nothing else.

    Of a whole namespace, topics, groups and transactional ids are those named ``<namespace>.*``. No action on
    the cluster but Connect and WriteDataIdempotently: DescribeCluster would list every tenant's groups. A
    right that ends says so itself, so that it ends without anybody's doing.

    Names come in order of seniority: the holder's own namespaces, then projects, then what is shared, the
    oldest first. Each name stands in one policy with all that is held on it, and names keep their order
    whatever else is held: what is given last changes the last policy alone, and a name that moves from one
    policy to the next never has to pass another that moves the other way (`octopus.accounts.principal`).

    Args:
        cluster_arn: ``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``.
        holdings: the same ones, of the same seniority, make equal policies.

    Raises:
        ValueError: the ARN is not a cluster's, a name holds a character that IAM would interpret, or a right
            is none.
        PolicyTooLargeError: IAM takes less; says how much.
    """
    _, policies, placed = _packed(cluster_arn, holdings)
    needed = _needed(holdings)
    if placed < len(needed):
        raise PolicyTooLargeError(
            f"the policies of one principal name {placed} of these {len(needed)} topics and projects at"
            f" most: IAM takes {INLINE_POLICY_CEILING} characters and {MOST_MANAGED_POLICIES} times"
            f" {MANAGED_POLICY_CEILING}. Share whole projects instead of topics, or fewer of them"
        )
    return PolicySet(policies[0], tuple(policies[1:]))


def fitting(*, cluster_arn: str, holdings: Holdings, managed: int = MOST_MANAGED_POLICIES) -> Holdings:
    """As many of these rights as `principal_policies` says: the most senior ones, mostly all of them.

    So nobody loses what he has by being given more, by whomsoever.

    Args:
        managed: how many managed policies there is room for besides the inline one.

    Raises:
        ValueError: as for `principal_policies`.
    """
    names, _, placed = _packed(cluster_arn, holdings, managed)
    left_out = set(names[placed:])
    return frozenset(right for right in holdings if right.name not in left_out)


def principal_boundary(*, cluster_arn: str) -> dict[str, Any]:
    """The permissions boundary of every principal that the fabric makes: the cluster's whole data plane.

    Raises:
        ValueError: the ARN is not a cluster's.
    """
    return Cluster(cluster_arn).document(everything_named("*"), cluster=CLUSTER_ACTIONS)


def session_policy(
    *, cluster_arn: str, rights: Holdings, namespaces: Mapping[str, datetime | None]
) -> dict[str, Any]:
    """A session's own policy: reading, writing or both, of some topics, with what Kafka clients need for it.

    To read is to use groups too, and to write transactional ids. A right that ends says so itself: AWS asks
    nothing else of a session that is open.

    Args:
        cluster_arn: ``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``.
        rights: `Level.READ` and `Level.WRITE`; equal ones make equal policies.
        namespaces: whose groups and transactional ids, and until when, if that ends.

    Raises:
        ValueError: the ARN is not a cluster's, a topic's name holds a character that IAM would interpret, or
            nothing is asked for.
        PolicyTooLargeError: the document is larger than STS takes.
    """
    wrong = sorted(right.name for right in rights if _TOPIC.fullmatch(right.name) is None)
    levels = {right.level for right in rights}
    if wrong or not levels or Level.ALL in levels:
        raise ValueError(f"topics {wrong} or levels {sorted(levels)} cannot be a session's")
    wholes = {(right.name, right.level): _end(right) for right in rights if right.name.endswith(".*")}
    ends: dict[tuple[str, datetime], set[Level]] = {}
    for right in rights:
        whole = wholes.get((f"{right.name.partition('.')[0]}.*", right.level))
        if right.name.endswith(".*") or whole is None or whole < _end(right):
            ends.setdefault((right.name, _end(right)), set()).add(right.level)
    needs = [
        on_topics([_DATA_ACTIONS[level] for level in ends[name, end]], name, _until(end))
        for name, end in sorted(ends)
    ]
    reads, writes = Level.READ in levels, Level.WRITE in levels
    for namespace, until in sorted(namespaces.items()):
        if reads:
            needs.append(Need(GROUP, ("DescribeGroup", "AlterGroup"), f"{namespace}.*", until))
        if writes:
            needs.append(Need(TRANSACTIONAL_ID, TRANSACTION_ACTIONS, f"{namespace}.*", until))
    policy = Cluster(cluster_arn).document(needs, cluster=CLUSTER_ACTIONS if writes else CLUSTER_ACTIONS[:1])
    size = len(canonical_json(policy))
    if size > SESSION_POLICY_CEILING:
        raise PolicyTooLargeError(
            f"topics: the session's policy would have {size} characters and AWS takes"
            f" {SESSION_POLICY_CEILING}: name fewer topics, or all of a namespace as <namespace>.*"
        )
    return policy


def canonical_json(policy: dict[str, Any]) -> str:
    """The one spelling of a document that its hash is taken of."""
    return json.dumps(policy, sort_keys=True, separators=(",", ":"))


def policy_sha256(*policies: dict[str, Any]) -> str:
    """Hexadecimal SHA-256 of documents' canonical JSON, a line each: what a principal's version row holds."""
    return hashlib.sha256("\n".join(map(canonical_json, policies)).encode()).hexdigest()


def _packed(
    cluster_arn: str, holdings: Holdings, managed: int = MOST_MANAGED_POLICIES
) -> tuple[list[str], list[dict[str, Any]], int]:
    """All names in order, policies that say what is held on them, and of how many of the names they do."""
    cluster = Cluster(cluster_arn)
    rights: dict[str, list[DataRight]] = {}
    for right in holdings:
        rights.setdefault(right.name, []).append(right)
    order = sorted(rights, key=lambda name: (min(right.seniority for right in rights[name]), name))
    needs_of = {name: _needs(name, rights[name]) for name in order}
    needed = _needed(holdings)
    waiting = deque(order)
    policies: list[dict[str, Any]] = []
    while not policies or (waiting and waiting[0] in needed and len(policies) <= managed):
        on_cluster = () if policies else CLUSTER_ACTIONS
        ceiling = MANAGED_POLICY_CEILING if policies else INLINE_POLICY_CEILING
        document, needs = cluster.document([], cluster=on_cluster), list[Need]()
        while waiting:
            needs += needs_of[waiting[0]]
            longer = cluster.document(needs, cluster=on_cluster)
            if _size(longer) > ceiling:
                break
            document = longer
            waiting.popleft()
        policies.append(document)
    return order, policies, len(order) - len(waiting)


def _needed(holdings: Holdings) -> set[str]:
    """Names for which policies are made: all but those on which nothing is held that is not spare."""
    return {right.name for right in holdings if not right.spare}


def _needs(name: str, rights: list[DataRight]) -> list[Need]:
    """What is needed for all rights that are held on one name."""
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise ValueError(
            f"right on {name!r}: a namespace may hold letters, digits, '-' and '_' only, and a topic '.' too,"
            " or be '*'"
        )
    ends = {level: max(map(_end, of)) for level, of in _by_level(rights)}
    everything = ends.pop(Level.ALL, None)
    needs = []
    if everything is not None:
        if parts["topic"] != "*":
            raise ValueError(f"right on {name!r}: {Level.ALL} is of whole namespaces")
        needs += everything_named(name, _until(everything))
        ends = {level: end for level, end in ends.items() if end > everything}
    for end in sorted(set(ends.values())):
        actions = [_DATA_ACTIONS[level] for level in ends if ends[level] == end]
        needs.append(on_topics(actions, name, _until(end)))
    return needs


def _by_level(rights: list[DataRight]) -> Iterator[tuple[Level, list[DataRight]]]:
    for level in Level:
        if of := [right for right in rights if right.level is level]:
            yield level, of


def _end(right: DataRight) -> datetime:
    if right.until is None:
        return _NEVER_ENDS
    if right.until.tzinfo is None:
        raise ValueError(f"right on {right.name!r}: its end {right.until} is of no time zone")
    return right.until.astimezone(UTC).replace(microsecond=0)


def _until(end: datetime) -> datetime | None:
    return None if end == _NEVER_ENDS else end


def _size(policy: dict[str, Any]) -> int:
    """Characters as IAM counts them."""
    return sum(not character.isspace() for character in canonical_json(policy))
