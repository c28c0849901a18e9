"""The policies that the fabric writes into IAM."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from octopus.errors import InvalidError

INLINE_POLICY_NAME = "octopus"
"""Name of a tenant's one inline policy."""
INLINE_POLICY_CEILING = 2048
"""Characters that IAM takes for all inline policies of one user; it does not count whitespace."""

SESSION_POLICY_CEILING = 2048
"""Characters that STS takes for a session's own policy, whitespace and all."""
READ, WRITE = "read", "write"
"""What a session may be opened for."""

_CLUSTER_ARN = re.compile(
    r"(?P<prefix>arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}):cluster/(?P<path>[A-Za-z0-9-]+/[A-Za-z0-9-]+)"
)
_NAMESPACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")

_CLUSTER_ACTIONS = ("Connect", "WriteDataIdempotently")
_TOPIC_ACTIONS = ("DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData", "WriteData")
_GROUP_ACTIONS = ("DescribeGroup", "AlterGroup", "DeleteGroup")
_TRANSACTION_ACTIONS = ("DescribeTransactionalId", "AlterTransactionalId")
_TOPIC = re.compile(r"(?P<namespace>[A-Za-z0-9_-]+)\.(?:\*|[A-Za-z0-9._-]+)")


class PolicyTooLargeError(InvalidError):
    """A principal or a session is to have more than one policy can name."""


def principal_policy(*, cluster_arn: str, namespaces: Sequence[str]) -> dict[str, Any]:
    """A tenant's inline policy: the data plane of its namespaces on one cluster, and nothing else.

    Topics, groups and transactional ids are those named ``<namespace>.*``. No action on the cluster but
    Connect and WriteDataIdempotently: DescribeCluster would list every tenant's groups. The cluster's own
    UUID stands in every ARN, since IAM's ``*`` spans ``/``.

    Args:
        cluster_arn: ``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``.
        namespaces: their order and repetitions do not matter.

    Raises:
        ValueError: the ARN is not a cluster's, or a namespace holds a character that IAM would interpret.
        PolicyTooLargeError: the document is larger than IAM takes.
    """
    names = sorted(set(namespaces))
    for name in names:
        if not _NAMESPACE.fullmatch(name):
            raise ValueError(f"namespace {name!r} may hold letters, digits, '-' and '_' only")
    policy = _data_plane(cluster_arn, [f"{name}.*" for name in names])
    require_inline_size(policy)
    return policy


def principal_boundary(*, cluster_arn: str) -> dict[str, Any]:
    """The permissions boundary of every principal that the fabric makes: the cluster's whole data plane.

    Raises:
        ValueError: the ARN is not a cluster's.
    """
    return _data_plane(cluster_arn, ["*"])


def session_policy(*, cluster_arn: str, topics: Iterable[str], actions: Collection[str]) -> dict[str, Any]:
    """A session's own policy: reading, writing or both, of some topics, with what Kafka clients need for it.

    To read is to use the groups of the topics' namespaces too, and to write their transactional ids.

    Args:
        cluster_arn: ``arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>``.
        topics: full names, or ``<namespace>.*``; their order and repetitions do not matter.
        actions: `READ`, `WRITE` or both.

    Raises:
        ValueError: the ARN is not a cluster's, a name holds a character that IAM would interpret, or nothing
            is asked for.
        PolicyTooLargeError: the document is larger than STS takes.
    """
    asked = sorted(set(topics))
    parsed = {name: _TOPIC.fullmatch(name) for name in asked}
    wrong = [name for name, match in parsed.items() if match is None]
    if wrong or not asked or not actions or not {READ, WRITE}.issuperset(actions):
        raise ValueError(f"topics {wrong or asked} or actions {sorted(actions)} cannot be a session's")
    everything = {name for name in asked if name.endswith(".*")}
    named = [name for name in asked if name in everything or f"{name.partition('.')[0]}.*" not in everything]
    namespaces = [f"{name}.*" for name in sorted({name.partition(".")[0] for name in asked})]
    reads, writes = READ in actions, WRITE in actions
    policy = _document(
        cluster_arn,
        cluster=("Connect", *(("WriteDataIdempotently",) if writes else ())),
        topics=(
            ("DescribeTopic", *(("ReadData",) if reads else ()), *(("WriteData",) if writes else ())),
            named,
        ),
        groups=(("DescribeGroup", "AlterGroup"), namespaces if reads else []),
        transactional_ids=(_TRANSACTION_ACTIONS, namespaces if writes else []),
    )
    size = len(canonical_json(policy))
    if size > SESSION_POLICY_CEILING:
        raise PolicyTooLargeError(
            f"topics: the session's policy would have {size} characters and AWS takes"
            f" {SESSION_POLICY_CEILING}: name fewer topics, or all of a namespace as <namespace>.*"
        )
    return policy


def require_inline_size(policy: dict[str, Any]) -> None:
    """Hold a document to IAM's ceiling for inline policies, which emulators do not.

    Raises:
        PolicyTooLargeError: it has more than ``INLINE_POLICY_CEILING`` characters besides whitespace.
    """
    size = sum(not character.isspace() for character in canonical_json(policy))
    if size > INLINE_POLICY_CEILING:
        raise PolicyTooLargeError(
            f"the policy would have {size} characters and IAM takes {INLINE_POLICY_CEILING}:"
            " share fewer namespaces or topics with this principal"
        )


def canonical_json(policy: dict[str, Any]) -> str:
    """The one spelling of a document that its hash is taken of."""
    return json.dumps(policy, sort_keys=True, separators=(",", ":"))


def policy_sha256(policy: dict[str, Any]) -> str:
    """Hexadecimal SHA-256 of a document's canonical JSON, as a principal's version row holds it."""
    return hashlib.sha256(canonical_json(policy).encode()).hexdigest()


def _data_plane(cluster_arn: str, names: list[str]) -> dict[str, Any]:
    return _document(
        cluster_arn,
        cluster=_CLUSTER_ACTIONS,
        topics=(_TOPIC_ACTIONS, names),
        groups=(_GROUP_ACTIONS, names),
        transactional_ids=(_TRANSACTION_ACTIONS, names),
    )


def _document(
    cluster_arn: str,
    *,
    cluster: tuple[str, ...],
    topics: tuple[tuple[str, ...], list[str]],
    groups: tuple[tuple[str, ...], list[str]],
    transactional_ids: tuple[tuple[str, ...], list[str]],
) -> dict[str, Any]:
    """Actions on the cluster, and actions on resources by name; a kind without names is left out."""
    arn = _CLUSTER_ARN.fullmatch(cluster_arn)
    if arn is None:
        raise ValueError(f"{cluster_arn!r} is not the ARN of a Kafka cluster")

    def allow(actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Action": [f"kafka-cluster:{action}" for action in actions],
            "Resource": resources,
        }

    statements = [allow(cluster, [cluster_arn])]
    for kind, (actions, names) in (
        ("topic", topics),
        ("group", groups),
        ("transactional-id", transactional_ids),
    ):
        if names:
            resources = [f"{arn['prefix']}:{kind}/{arn['path']}/{name}" for name in names]
            statements.append(allow(actions, resources))
    return {"Version": "2012-10-17", "Statement": statements}
