"""The policies that the fabric writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octopus.iam import patterns
from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.generate import (
    SESSION_POLICY_CEILING,
    PolicyTooLargeError,
    canonical_json,
    policy_sha256,
    principal_boundary,
    principal_policies,
    session_policy,
)
from octopus.iam.holdings import own
from octopus.iam.models import Principal
from octopus.iam.normalise import normalise

CLUSTER = "arn:aws:kafka:eu-central-1:123456789012:cluster/octopus-x/0f3c4a52-9a11-5c3e-8f0e-6d1f7a1c2b33"
OWN = "ns-111111111111"
PRINCIPAL = Principal("u", "AIDA", "arn:aws:iam::123456789012:user/msk-users/u")


def resource(kind: str, name: str) -> str:
    return CLUSTER.replace(":cluster/", f":{kind}/") + f"/{name}"


def allowed(action: str, on: str) -> bool:
    policy = principal_policies(cluster_arn=CLUSTER, holdings=own(OWN)).inline
    layers = tuple(
        normalise([parse(document)], PRINCIPAL)
        for document in (policy, principal_boundary(cluster_arn=CLUSTER))
    )
    return decide(layers, action=f"kafka-cluster:{action}", resource=on, at_ms=0).allowed


@pytest.mark.parametrize(
    ("action", "on"),
    [
        ("Connect", CLUSTER),
        ("WriteDataIdempotently", CLUSTER),
        *((action, resource("topic", f"{OWN}.t")) for action in ("DescribeTopic", "ReadData", "WriteData")),
        ("DescribeTopicDynamicConfiguration", resource("topic", f"{OWN}.t")),
        *(
            (action, resource("group", f"{OWN}.g"))
            for action in ("DescribeGroup", "AlterGroup", "DeleteGroup")
        ),
        ("DescribeTransactionalId", resource("transactional-id", f"{OWN}.x")),
        ("AlterTransactionalId", resource("transactional-id", f"{OWN}.x")),
    ],
)
def test_principal_policy_allows_the_data_plane_of_its_namespace(action: str, on: str) -> None:
    assert allowed(action, on)


@pytest.mark.parametrize(
    ("action", "on"),
    [
        ("ReadData", resource("topic", "ns-222222222222.t")),
        ("ReadData", resource("topic", "ns-1111111111110.t")),
        ("ReadData", resource("topic", OWN)),
        ("ReadData", resource("topic", f"other/{OWN}.t")),
        ("AlterGroup", resource("group", f"x/{OWN}.g")),
        ("AlterGroup", resource("group", "g")),
        ("ReadData", resource("topic", f"{OWN}.t").replace("0f3c", "0f3d")),
        ("ReadData", resource("topic", f"{OWN}.t").replace(":topic/", ":group/")),
        ("CreateTopic", resource("topic", f"{OWN}.t")),
        ("DeleteTopic", resource("topic", f"{OWN}.t")),
        ("AlterTopic", resource("topic", f"{OWN}.t")),
        ("AlterTopicDynamicConfiguration", resource("topic", f"{OWN}.t")),
        ("DescribeCluster", CLUSTER),
        ("AlterCluster", CLUSTER),
        ("DescribeClusterDynamicConfiguration", CLUSTER),
    ],
)
def test_principal_policy_allows_nothing_else(action: str, on: str) -> None:
    assert not allowed(action, on)


@pytest.mark.parametrize(
    "policy",
    [
        principal_policies(cluster_arn=CLUSTER, holdings=own(OWN)).inline,
        principal_boundary(cluster_arn=CLUSTER),
    ],
)
def test_generated_policies_hold_no_cluster_action_but_two(
    policy: dict[str, list[dict[str, list[str]]]],
) -> None:
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not {action for action in actions if "Cluster" in action}
    on_cluster = {a for s in policy["Statement"] for a in s["Action"] if CLUSTER in s["Resource"]}
    assert on_cluster == {"kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"}
    assert not [action for action in actions if not patterns.matches("kafka-cluster:*", action)]


def test_principal_policy_without_a_namespace_allows_only_to_connect() -> None:
    (statement,) = principal_policies(cluster_arn=CLUSTER, holdings=own()).inline["Statement"]
    assert statement["Resource"] == [CLUSTER]


def test_policy_hash_does_not_depend_on_the_order_of_namespaces_or_elements() -> None:
    one = principal_policies(cluster_arn=CLUSTER, holdings=own("ns-a", "ns-b")).inline
    other = principal_policies(cluster_arn=CLUSTER, holdings=own("ns-b", "ns-a", "ns-b")).inline
    assert policy_sha256(one) == policy_sha256(dict(reversed(other.items())))
    assert json.loads(canonical_json(one)) == one


@pytest.mark.parametrize("namespace", ["*", "ns-?", "${aws:username}", "a/b", "a.b", "", "-a", "a\n"])
def test_principal_policy_refuses_a_namespace_that_iam_would_interpret(namespace: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        principal_policies(cluster_arn=CLUSTER, holdings=own(namespace))


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "arn:aws:kafka:eu-central-1:123456789012:topic/a/b",
        CLUSTER + "/c",
        CLUSTER.replace("octopus-x", "*"),
    ],
)
def test_principal_policy_refuses_what_is_no_cluster(arn: str) -> None:
    with pytest.raises(ValueError, match="ARN"):
        principal_policies(cluster_arn=arn, holdings=own(OWN))


READS = [
    ("Connect", CLUSTER),
    ("DescribeTopic", resource("topic", f"{OWN}.t")),
    ("ReadData", resource("topic", f"{OWN}.t")),
    ("DescribeGroup", resource("group", f"{OWN}.g")),
    ("AlterGroup", resource("group", f"{OWN}.g")),
]
WRITES = [
    ("Connect", CLUSTER),
    ("WriteDataIdempotently", CLUSTER),
    ("DescribeTopic", resource("topic", f"{OWN}.t")),
    ("WriteData", resource("topic", f"{OWN}.t")),
    ("DescribeTransactionalId", resource("transactional-id", f"{OWN}.x")),
    ("AlterTransactionalId", resource("transactional-id", f"{OWN}.x")),
]
NEVER = [
    ("DescribeCluster", CLUSTER),
    ("DeleteGroup", resource("group", f"{OWN}.g")),
    ("DeleteTopic", resource("topic", f"{OWN}.t")),
    *((action, resource("topic", f"{OWN}.u")) for action in ("DescribeTopic", "ReadData", "WriteData")),
    *((action, resource("topic", f"{OWN}.t2")) for action in ("DescribeTopic", "ReadData", "WriteData")),
    ("ReadData", resource("topic", "ns-222222222222.t")),
    ("AlterGroup", resource("group", "g")),
    ("AlterGroup", resource("group", "ns-222222222222.g")),
    ("AlterTransactionalId", resource("transactional-id", "ns-222222222222.x")),
]


@pytest.mark.parametrize(("actions", "may"), [(("read",), READS), (("write",), WRITES)])
def test_session_policy_is_what_clients_need_to_read_or_to_write(
    actions: tuple[str, ...], may: list[tuple[str, str]]
) -> None:
    policy = session_policy(cluster_arn=CLUSTER, topics=[f"{OWN}.t"], actions=actions)
    both = session_policy(cluster_arn=CLUSTER, topics=[f"{OWN}.t"], actions=("read", "write"))

    for action, on in {*READS, *WRITES, *NEVER}:
        assert decided(policy, action, on) is ((action, on) in may), (action, on)
        assert decided(both, action, on) is ((action, on) in {*READS, *WRITES}), (action, on)


def test_session_policy_allows_nothing_that_its_owner_may_not() -> None:
    policy = session_policy(cluster_arn=CLUSTER, topics=[f"{OWN}.*"], actions=("read", "write"))

    for statement in policy["Statement"]:
        for action in statement["Action"]:
            for name in statement["Resource"]:
                assert allowed(action.removeprefix("kafka-cluster:"), name.replace("*", "t"))


def test_session_policy_names_no_topic_twice() -> None:
    asked = [f"{OWN}.b", f"{OWN}.*", f"{OWN}.a", f"{OWN}.b", "ns-2.b", "ns-2.a", "ns-2.b"]

    policy = session_policy(cluster_arn=CLUSTER, topics=asked, actions=["read"])

    assert policy == session_policy(cluster_arn=CLUSTER, topics=sorted(asked), actions=["read", "read"])
    (topics,) = [
        statement["Resource"] for statement in policy["Statement"] if ":topic/" in statement["Resource"][0]
    ]
    assert topics == [resource("topic", name) for name in (f"{OWN}.*", "ns-2.a", "ns-2.b")]


@pytest.mark.parametrize(
    "topic",
    ["", "t", "*", "*.*", "ns.", ".t", "ns.t*", "ns.?", "n*.t", "ns/x.t", "ns.t/u", "ns.${aws:x}", "é.t"],
)
def test_session_policy_takes_no_name_that_iam_would_interpret(topic: str) -> None:
    with pytest.raises(ValueError, match="cannot be a session's"):
        session_policy(cluster_arn=CLUSTER, topics=["ns.t", topic], actions=["read"])


@pytest.mark.parametrize(("topics", "actions"), [([], ["read"]), (["ns.t"], []), (["ns.t"], ["delete"])])
def test_session_policy_of_nothing_is_refused(topics: list[str], actions: list[str]) -> None:
    with pytest.raises(ValueError, match="cannot be a session's"):
        session_policy(cluster_arn=CLUSTER, topics=topics, actions=actions)


def test_session_policy_is_held_to_the_ceiling_of_sts() -> None:
    def size(count: int) -> int:
        names = [f"{OWN}.t{number:02}" for number in range(count)]
        return len(
            canonical_json(session_policy(cluster_arn=CLUSTER, topics=names, actions=["read", "write"]))
        )

    step = size(2) - size(1)
    most = 1 + (SESSION_POLICY_CEILING - size(1)) // step
    assert SESSION_POLICY_CEILING - step < size(most) <= SESSION_POLICY_CEILING
    told = f"topics: the session's policy would have {size(most) + step} characters and AWS takes 2048: "
    with pytest.raises(PolicyTooLargeError, match=told):
        size(most + 1)


def decided(policy: dict[str, Any], action: str, on: str) -> bool:
    layer = normalise([parse(policy)], PRINCIPAL)
    return decide((layer,), action=f"kafka-cluster:{action}", resource=on, at_ms=0).allowed
