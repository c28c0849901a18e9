"""The policies that the fabric writes into IAM."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from octopus.errors import InvalidError

INLINE_POLICY_NAME = "octopus"
"""Name of a tenant's one inline policy."""
INLINE_POLICY_CEILING = 2048
"""Characters that IAM takes for all inline policies of one user; it does not count whitespace."""

_CLUSTER_ARN = re.compile(
    r"(?P<prefix>arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}):cluster/(?P<path>[A-Za-z0-9-]+/[A-Za-z0-9-]+)"
)
_NAMESPACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")

_CLUSTER_ACTIONS = ("Connect", "WriteDataIdempotently")
_TOPIC_ACTIONS = ("DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData", "WriteData")
_GROUP_ACTIONS = ("DescribeGroup", "AlterGroup", "DeleteGroup")
_TRANSACTION_ACTIONS = ("DescribeTransactionalId", "AlterTransactionalId")


class PolicyTooLargeError(InvalidError):
    """A principal holds more grants than one inline policy can name."""


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
    arn = _CLUSTER_ARN.fullmatch(cluster_arn)
    if arn is None:
        raise ValueError(f"{cluster_arn!r} is not the ARN of a Kafka cluster")

    def allow(actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Action": [f"kafka-cluster:{action}" for action in actions],
            "Resource": resources,
        }

    def named(kind: str) -> list[str]:
        return [f"{arn['prefix']}:{kind}/{arn['path']}/{name}" for name in names]

    statements = [allow(_CLUSTER_ACTIONS, [cluster_arn])]
    if names:
        statements += [
            allow(_TOPIC_ACTIONS, named("topic")),
            allow(_GROUP_ACTIONS, named("group")),
            allow(_TRANSACTION_ACTIONS, named("transactional-id")),
        ]
    return {"Version": "2012-10-17", "Statement": statements}
