"""What clients do to topics, groups and transactional ids, as statements of a policy on one cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TOPIC, GROUP, TRANSACTIONAL_ID = "topic", "group", "transactional-id"
"""Kinds of resources, as ARNs name them."""
_KINDS = (TOPIC, GROUP, TRANSACTIONAL_ID)

CLUSTER_ACTIONS = ("Connect", "WriteDataIdempotently")
TOPIC_ACTIONS = ("DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData", "WriteData")
GROUP_ACTIONS = ("DescribeGroup", "AlterGroup", "DeleteGroup")
TRANSACTION_ACTIONS = ("DescribeTransactionalId", "AlterTransactionalId")

_CLUSTER_ARN = re.compile(
    r"(?P<prefix>arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}):cluster/(?P<path>[A-Za-z0-9-]+/[A-Za-z0-9-]+)"
)


@dataclass(frozen=True)
class Need:
    """Actions on whatever of one kind is of one name or pattern, until a time."""

    kind: str
    actions: tuple[str, ...]
    name: str
    until: datetime | None = None
    """UTC, whole seconds; None for no end."""


def everything_named(pattern: str, until: datetime | None = None) -> list[Need]:
    """The whole data plane of the names of one pattern, such as ``<namespace>.*``."""
    return [
        Need(TOPIC, TOPIC_ACTIONS, pattern, until),
        Need(GROUP, GROUP_ACTIONS, pattern, until),
        Need(TRANSACTIONAL_ID, TRANSACTION_ACTIONS, pattern, until),
    ]


def on_topics(actions: Iterable[str], name: str, until: datetime | None = None) -> Need:
    """Topics described, and these actions on them."""
    return Need(TOPIC, ("DescribeTopic", *sorted(actions)), name, until)


class Cluster:
    """The Kafka cluster that policies are about. Its UUID is in every ARN, since IAM's ``*`` spans ``/``."""

    def __init__(self, arn: str) -> None:
        """Of ``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``.

        Raises:
            ValueError: it is not a cluster's ARN.
        """
        parts = _CLUSTER_ARN.fullmatch(arn)
        if parts is None:
            raise ValueError(f"{arn!r} is not the ARN of a Kafka cluster")
        self._arn = arn
        self._prefix, self._path = parts["prefix"], parts["path"]

    def document(self, needs: Iterable[Need], *, cluster: tuple[str, ...] = ()) -> dict[str, Any]:
        """A policy that allows what is needed, and these actions on the cluster itself.

        One statement for what is allowed on the same kind until the same time. Names stand in the order of
        ``needs``; everything else has an order of its own.
        """
        names: dict[tuple[str, int, tuple[str, ...]], list[str]] = {}
        for need in needs:
            until = need.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if need.until else ""
            names.setdefault((until, _KINDS.index(need.kind), need.actions), []).append(need.name)
        statements = [_allow(cluster, [self._arn])] if cluster else []
        for (until, kind, actions), named in sorted(names.items()):
            resources = [f"{self._prefix}:{_KINDS[kind]}/{self._path}/{name}" for name in named]
            statements.append(_allow(actions, resources, until))
        return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: tuple[str, ...], resources: list[str], until: str = "") -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": [f"kafka-cluster:{action}" for action in actions],
        "Resource": resources,
        **({"Condition": {"DateLessThan": {"aws:CurrentTime": until}}} if until else {}),
    }
