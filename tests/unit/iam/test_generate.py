"""The policies that the fabric writes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from octopus.iam import patterns
from octopus.iam.data_plane import GROUP_ACTIONS, TOPIC_ACTIONS, TRANSACTION_ACTIONS
from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.generate import (
    INLINE_POLICY_CEILING,
    MANAGED_POLICY_CEILING,
    SESSION_POLICY_CEILING,
    PolicySet,
    PolicyTooLargeError,
    canonical_json,
    fitting,
    policy_sha256,
    principal_boundary,
    principal_policies,
    session_policy,
)
from octopus.iam.holdings import Claim, DataRight, Holdings, Level, own
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


UNTIL = datetime(2027, 1, 31, 12, tzinfo=UTC)
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
READ_TOPIC = {"DescribeTopic", "ReadData"}
WRITE_TOPIC = {"DescribeTopic", "WriteData"}
ANY_TOPIC = {*READ_TOPIC, *WRITE_TOPIC, "DescribeTopicDynamicConfiguration"}


def may(
    holdings: Holdings, kind: str, name: str, at: datetime = datetime(2027, 1, 1, tzinfo=UTC)
) -> set[str]:
    """Actions that policies of these rights allow on a resource of one kind at some time."""
    policies = principal_policies(cluster_arn=CLUSTER, holdings=holdings).all
    layer = normalise([parse(document) for document in policies], PRINCIPAL)
    asked = {"topic": ANY_TOPIC, "group": set(GROUP_ACTIONS), "transactional-id": set(TRANSACTION_ACTIONS)}
    return {
        action
        for action in {*asked[kind], "CreateTopic", "DeleteTopic"}
        if decide(
            (layer,),
            action=f"kafka-cluster:{action}",
            resource=resource(kind, name),
            at_ms=int(at.timestamp() * 1000),
        ).allowed
    }


@pytest.mark.parametrize(("level", "given"), [(Level.READ, READ_TOPIC), (Level.WRITE, WRITE_TOPIC)])
@pytest.mark.parametrize("name", ["lab.t", "lab.*"])
def test_shared_topics_are_described_and_read_or_written_and_lend_no_groups(
    level: Level, given: set[str], name: str
) -> None:
    holdings = own(OWN) | {DataRight(name, level)}

    assert may(holdings, "topic", "lab.t") == given
    assert may(holdings, "topic", "lab.t2") == (given if name == "lab.*" else set())
    assert may(holdings, "topic", "lab2.t") == set()
    assert may(holdings, "group", "lab.g") == may(holdings, "transactional-id", "lab.x") == set()
    assert may(holdings, "group", f"{OWN}.g") == set(GROUP_ACTIONS)


def test_right_ends_by_itself_at_its_time() -> None:
    holdings = own(OWN) | {DataRight("lab.t", Level.READ, UNTIL), DataRight("lab.t", Level.WRITE)}
    moment = timedelta(milliseconds=1)

    assert may(holdings, "topic", "lab.t", UNTIL - moment) == READ_TOPIC | WRITE_TOPIC
    assert may(holdings, "topic", "lab.t", UNTIL) == WRITE_TOPIC
    assert may(holdings, "topic", f"{OWN}.t", LONG_AFTER) == ANY_TOPIC


def test_member_of_a_project_that_has_ended_reads_it_and_has_no_part_in_it_else() -> None:
    holdings = own(OWN) | {DataRight("lab.*", Level.ALL, UNTIL), DataRight("lab.*", Level.READ)}

    assert may(holdings, "topic", "lab.t") == ANY_TOPIC
    assert may(holdings, "group", "lab.g") == set(GROUP_ACTIONS)
    assert may(holdings, "topic", "lab.t", LONG_AFTER) == READ_TOPIC
    assert may(holdings, "group", "lab.g", LONG_AFTER) == set()
    assert may(holdings, "transactional-id", "lab.x", LONG_AFTER) == set()


def test_end_is_told_in_utc_and_whole_seconds_rounded_towards_less() -> None:
    berlin = datetime(2027, 1, 31, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    policies = principal_policies(
        cluster_arn=CLUSTER, holdings=frozenset({DataRight("lab.t", Level.READ, berlin)})
    )

    conditions = [statement.get("Condition") for statement in policies.inline["Statement"]]
    assert conditions == [None, {"DateLessThan": {"aws:CurrentTime": "2027-01-31T12:00:00Z"}}]


def test_statement_for_each_level_and_end_names_all_its_resources_and_nothing_twice() -> None:
    holdings = frozenset(
        {
            DataRight("lab.*", Level.ALL),
            DataRight("lab.*", Level.READ, UNTIL),
            DataRight("zoo.a", Level.READ, UNTIL),
            DataRight("zoo.a", Level.READ, UNTIL - timedelta(days=1)),
            DataRight("zoo.b", Level.READ, UNTIL),
            DataRight("zoo.c", Level.READ),
            DataRight("zoo.c", Level.WRITE),
        }
    )

    _, *statements = principal_policies(cluster_arn=CLUSTER, holdings=holdings).inline["Statement"]

    told = {
        (tuple(statement["Action"]), tuple(statement["Resource"])): "Condition" in statement
        for statement in statements
        if ":topic/" in statement["Resource"][0]
    }
    reads = ("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")
    assert told == {
        (
            tuple(f"kafka-cluster:{action}" for action in TOPIC_ACTIONS),
            (resource("topic", "lab.*"),),
        ): False,
        ((*reads, "kafka-cluster:WriteData"), (resource("topic", "zoo.c"),)): False,
        (reads, (resource("topic", "zoo.a"), resource("topic", "zoo.b"))): True,
    }


def many_reads(count: int) -> Holdings:
    return own(OWN) | {DataRight(f"lab.topic-{number:04}", Level.READ) for number in range(count)}


def test_what_the_inline_policy_does_not_hold_is_in_managed_ones_within_iams_ceilings() -> None:
    holdings = many_reads(500) | own("lab-two", "lab-three", "ns-222222222222")

    policies = principal_policies(cluster_arn=CLUSTER, holdings=holdings)

    assert len(policies.managed) == 10
    ceilings = [INLINE_POLICY_CEILING, *[MANAGED_POLICY_CEILING] * 10]
    sizes = [len(canonical_json(document)) for document in policies.all]
    assert all(size <= ceiling for size, ceiling in zip(sizes, ceilings, strict=True))
    # All but the last are as full as a name and its statement let them be.
    assert all(size > ceiling - 700 for size, ceiling in list(zip(sizes, ceilings, strict=True))[:-1])
    inline = canonical_json(policies.inline)
    assert all(f"/{name}.*" in inline for name in (OWN, "ns-222222222222", "lab-three"))
    for document in policies.managed:
        assert CLUSTER not in [name for statement in document["Statement"] for name in statement["Resource"]]
    assert all(may(holdings, "topic", f"lab.topic-{number:04}") for number in (0, 250, 499))


@pytest.mark.parametrize(("shared", "managed"), [(8, 0), (9, 1)])
def test_inline_policy_holds_eight_shared_topics_beside_ones_own_namespace(shared: int, managed: int) -> None:
    assert len(principal_policies(cluster_arn=CLUSTER, holdings=many_reads(shared)).managed) == managed


HEARTBEAT = frozenset({DataRight("octopus.heartbeat", Level.READ, claim=Claim.EVERYBODY)})


@pytest.mark.parametrize(
    ("needed", "written"),
    [
        (many_reads(0), True),
        (many_reads(6), True),
        (many_reads(8), False),
        (many_reads(9), True),  # the ninth opens a managed policy, which has room
        (own(OWN, "astro-lab", "beamline-7"), True),
        (own(OWN, "astro-lab", "beamline-7", "climate-sim"), False),
    ],
    ids=["alone", "6 topics", "8 topics", "9 topics", "2 projects", "3 projects"],
)
def test_what_everybody_holds_is_written_where_there_is_room_and_opens_no_policy(
    needed: Holdings, written: bool
) -> None:
    fit = fitting(cluster_arn=CLUSTER, holdings=needed | HEARTBEAT)

    assert fit == (needed | HEARTBEAT if written else needed)
    policies = principal_policies(cluster_arn=CLUSTER, holdings=needed | HEARTBEAT)
    assert len(policies.managed) == len(principal_policies(cluster_arn=CLUSTER, holdings=needed).managed)
    assert policies == principal_policies(cluster_arn=CLUSTER, holdings=fit)
    assert may(needed | HEARTBEAT, "topic", "octopus.heartbeat") == (READ_TOPIC if written else set())


def test_what_everybody_holds_is_no_reason_to_refuse_what_fits_without_it() -> None:
    every = many_reads(5000)
    full = fitting(cluster_arn=CLUSTER, holdings=every)

    assert fitting(cluster_arn=CLUSTER, holdings=every | HEARTBEAT) == full
    assert len(principal_policies(cluster_arn=CLUSTER, holdings=full | HEARTBEAT).managed) == 10
    with pytest.raises(PolicyTooLargeError, match=f"name {len(full)} of these 5001 topics"):
        principal_policies(cluster_arn=CLUSTER, holdings=every | HEARTBEAT)


def test_where_not_all_fit_nobody_loses_what_he_had_before() -> None:
    def given(name: str, day: int, claim: Claim = Claim.GRANT) -> DataRight:
        level = Level.ALL if claim is Claim.ROLE else Level.READ
        return DataRight(name, level, claim=claim, given=UNTIL + timedelta(days=day))

    before = own(OWN) | {given("zzz.legit", 1), given("zzz-2.*", 2)}
    before |= {given(f"mmm.t-{number:04}", 3) for number in range(300)}
    flood = {given(f"aaa-{number:03}.{'t' * 30}", 4) for number in range(2000)}
    role = given("zzz-lab.*", 5, Claim.ROLE)

    fit = fitting(cluster_arn=CLUSTER, holdings=before | flood | {role})

    assert before | {role} < fit < before | flood | {role}
    assert fit == fitting(cluster_arn=CLUSTER, holdings=fit), "what fits fits"
    last = max(right.name for right in fit & flood)
    assert {right for right in flood if right.name <= last} == fit & flood, "else by name"


def test_what_is_given_last_changes_the_last_policy_alone() -> None:
    held = {
        DataRight(f"lab.t-{number:04}", Level.READ, given=UNTIL + timedelta(days=number))
        for number in range(100)
    }
    further = DataRight("aaa.t", Level.READ, given=UNTIL + timedelta(days=1000))

    before = principal_policies(cluster_arn=CLUSTER, holdings=own(OWN) | held)
    after = principal_policies(cluster_arn=CLUSTER, holdings=own(OWN) | held | {further})

    assert before.all[:-1] == after.all[:-1]
    assert before.all[-1] != after.all[-1]


def test_more_than_all_policies_hold_is_refused_with_how_much_fits() -> None:
    with pytest.raises(PolicyTooLargeError) as refused:
        principal_policies(cluster_arn=CLUSTER, holdings=many_reads(5000))

    fits = re.search(r"name (\d+) of these 5001 topics and projects at most", refused.value.message)
    assert fits is not None
    # The namespace of its own is one of those that fit.
    principal_policies(cluster_arn=CLUSTER, holdings=many_reads(int(fits[1]) - 1))
    with pytest.raises(PolicyTooLargeError):
        principal_policies(cluster_arn=CLUSTER, holdings=many_reads(int(fits[1])))


def test_hash_is_of_all_policies_in_order_and_of_the_inline_one_when_it_is_alone() -> None:
    one = principal_policies(cluster_arn=CLUSTER, holdings=many_reads(2))
    assert one.sha256 == policy_sha256(one.inline)
    more = principal_policies(cluster_arn=CLUSTER, holdings=many_reads(150))
    assert more.sha256 == policy_sha256(more.inline, *more.managed)
    reordered = PolicySet(more.inline, tuple(reversed(more.managed)))
    assert len({one.sha256, more.sha256, reordered.sha256, policy_sha256(more.inline)}) == 4


def test_equal_holdings_make_equal_policies_in_whatever_order_they_come() -> None:
    rights = list(many_reads(150) | {DataRight("zoo.a", Level.WRITE, UNTIL), DataRight("zoo.a", Level.READ)})
    made = principal_policies(cluster_arn=CLUSTER, holdings=frozenset(rights))
    random.Random(3).shuffle(rights)  # noqa: S311 - repeatable
    assert principal_policies(cluster_arn=CLUSTER, holdings=frozenset(rights)) == made


@pytest.mark.parametrize(
    ("right", "why"),
    [
        (DataRight("lab.t", Level.ALL), "of whole namespaces"),
        (DataRight("lab.t", Level.READ, datetime(2027, 1, 1)), "of no time zone"),
        (DataRight("lab", Level.READ), "namespace"),
        (DataRight("lab.t?", Level.READ), "namespace"),
        (DataRight("lab.a*", Level.READ), "namespace"),
    ],
)
def test_right_that_is_none_is_refused(right: DataRight, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        principal_policies(cluster_arn=CLUSTER, holdings=frozenset({right}))


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


def session_of(topics: Iterable[str], actions: Iterable[str]) -> dict[str, Any]:
    """Policy of a session that may do these on each of these, with the groups of `OWN`."""
    rights = frozenset(DataRight(topic, Level(action)) for topic in topics for action in actions)
    return session_policy(cluster_arn=CLUSTER, rights=rights, namespaces={OWN: None})


@pytest.mark.parametrize(("actions", "may"), [(("read",), READS), (("write",), WRITES)])
def test_session_policy_is_what_clients_need_to_read_or_to_write(
    actions: tuple[str, ...], may: list[tuple[str, str]]
) -> None:
    policy = session_of([f"{OWN}.t"], actions)
    both = session_of([f"{OWN}.t"], ("read", "write"))

    for action, on in {*READS, *WRITES, *NEVER}:
        assert decided(policy, action, on) is ((action, on) in may), (action, on)
        assert decided(both, action, on) is ((action, on) in {*READS, *WRITES}), (action, on)


def test_session_policy_allows_nothing_that_its_owner_may_not() -> None:
    policy = session_of([f"{OWN}.*"], ("read", "write"))

    for statement in policy["Statement"]:
        for action in statement["Action"]:
            for name in statement["Resource"]:
                assert allowed(action.removeprefix("kafka-cluster:"), name.replace("*", "t"))


def test_session_policy_for_a_shared_topic_uses_groups_of_its_owners_own_namespaces() -> None:
    policy = session_of(["lab.t"], ["read", "write"])

    assert decided(policy, "ReadData", resource("topic", "lab.t"))
    assert decided(policy, "AlterGroup", resource("group", f"{OWN}.g"))
    assert decided(policy, "AlterTransactionalId", resource("transactional-id", f"{OWN}.x"))
    assert not decided(policy, "AlterGroup", resource("group", "lab.g"))
    assert not decided(policy, "AlterTransactionalId", resource("transactional-id", "lab.x"))


def test_session_policy_names_no_topic_twice() -> None:
    asked = [f"{OWN}.b", f"{OWN}.*", f"{OWN}.a", f"{OWN}.b", "ns-2.b", "ns-2.a", "ns-2.b"]

    policy = session_of(asked, ["read"])

    assert policy == session_of(sorted(asked), ["read", "read"])
    (topics,) = [
        statement["Resource"] for statement in policy["Statement"] if ":topic/" in statement["Resource"][0]
    ]
    assert topics == [resource("topic", name) for name in (f"{OWN}.*", "ns-2.a", "ns-2.b")]


def test_session_policy_says_when_each_right_ends() -> None:
    soon = datetime(2027, 1, 31, 12, tzinfo=UTC)
    later = soon + timedelta(hours=1)
    rights = {
        DataRight("lab.*", Level.READ, soon),
        DataRight("lab.t", Level.READ, later),
        DataRight("lab.u", Level.READ, soon),
        DataRight("lab.t", Level.WRITE),
    }

    policy = session_policy(
        cluster_arn=CLUSTER, rights=frozenset(rights), namespaces={"lab": soon, OWN: None}
    )

    said = {
        (until(statement), action.removeprefix("kafka-cluster:"), name.rpartition("/")[2])
        for statement in policy["Statement"]
        for action in statement["Action"]
        for name in statement["Resource"]
        if action.endswith(("Data", "AlterGroup", "AlterTransactionalId"))
    }
    assert said == {
        (text(soon), "ReadData", "lab.*"),
        (text(later), "ReadData", "lab.t"),
        (None, "WriteData", "lab.t"),
        (text(soon), "AlterGroup", "lab.*"),
        (None, "AlterGroup", f"{OWN}.*"),
        (text(soon), "AlterTransactionalId", "lab.*"),
        (None, "AlterTransactionalId", f"{OWN}.*"),
    }


def until(statement: dict[str, Any]) -> str | None:
    end: str | None = statement.get("Condition", {}).get("DateLessThan", {}).get("aws:CurrentTime")
    return end


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "topic",
    ["", "t", "*", "*.*", "ns.", ".t", "ns.t*", "ns.?", "n*.t", "ns/x.t", "ns.t/u", "ns.${aws:x}", "é.t"],
)
def test_session_policy_takes_no_name_that_iam_would_interpret(topic: str) -> None:
    with pytest.raises(ValueError, match="cannot be a session's"):
        session_of(["ns.t", topic], ["read"])


@pytest.mark.parametrize(("topics", "actions"), [([], ["read"]), (["ns.t"], []), (["ns.*"], ["all"])])
def test_session_policy_of_nothing_is_refused(topics: list[str], actions: list[str]) -> None:
    with pytest.raises(ValueError, match="cannot be a session's"):
        session_of(topics, actions)


def test_session_policy_is_held_to_the_ceiling_of_sts() -> None:
    def size(count: int) -> int:
        names = [f"{OWN}.t{number:02}" for number in range(count)]
        return len(canonical_json(session_of(names, ["read", "write"])))

    step = size(2) - size(1)
    most = 1 + (SESSION_POLICY_CEILING - size(1)) // step
    assert SESSION_POLICY_CEILING - step < size(most) <= SESSION_POLICY_CEILING
    told = f"topics: the session's policy would have {size(most) + step} characters and AWS takes 2048: "
    with pytest.raises(PolicyTooLargeError, match=told):
        size(most + 1)


def decided(policy: dict[str, Any], action: str, on: str) -> bool:
    layer = normalise([parse(policy)], PRINCIPAL)
    return decide((layer,), action=f"kafka-cluster:{action}", resource=on, at_ms=0).allowed
