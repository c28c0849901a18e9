"""What IAM holds of a principal, whatever its rights have become and whatever cut a change short."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from structlog.testing import capture_logs

from octopus.access.rights import EVERYBODYS
from octopus.accounts.principal import SUSPENDED_POLICY, IamPrincipals
from octopus.errors import Failure
from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.generate import (
    PolicyTooLargeError,
    canonical_json,
    policy_sha256,
    principal_boundary,
    principal_policies,
)
from octopus.iam.holdings import DataRight, Holdings, Level, own
from octopus.iam.models import Principal
from octopus.iam.normalise import normalise
from octopus.iam.policy_names import INLINE_POLICY_NAME
from octopus.judge.account import Account
from octopus.judge.principals import effective

CLUSTER = "arn:aws:kafka:eu-central-1:123456789012:cluster/octopus-x/0f3c4a52-9a11-5c3e-8f0e-6d1f7a1c2b33"
SUBJECT = "3f1c6c1e-6a8d-4a75-9c1e-111111111111"
OWN = own("ns-111111111111")
POLICIES = "arn:aws:iam::123456789012:policy/msk-policies/"


@pytest.fixture
def iam(cloud: boto3.Session) -> Any:
    """IAM of an account with a boundary."""
    return cloud.client("iam")


@pytest.fixture
def principals(iam: Any) -> IamPrincipals:
    """Of the fabric ``test``."""
    boundary = iam.create_policy(
        PolicyName="boundary", PolicyDocument=canonical_json(principal_boundary(cluster_arn=CLUSTER))
    )["Policy"]["Arn"]

    def show_boundary(parsed: dict[str, Any], **_: object) -> None:
        # Of the simulated IAM, which takes a user's boundary and does not show it.
        if "User" in parsed:
            parsed["User"]["PermissionsBoundary"] = {"PermissionsBoundaryArn": boundary}

    iam.meta.events.register("after-call.iam.GetUser", show_boundary)
    return IamPrincipals(iam, institution="test", boundary_arn=boundary, cluster_arn=CLUSTER)


def reads(count: int, *, start: int = 0, project: str = "astro") -> Holdings:
    """Grants to read this many topics."""
    return frozenset(
        DataRight(f"{project}.topic-{number:04}", Level.READ) for number in range(start, start + count)
    )


def managed(iam: Any) -> list[str]:
    """Names of the principal's managed policies in IAM, attached or not."""
    policies = iam.list_policies(Scope="Local", PathPrefix="/msk-policies/")["Policies"]
    return sorted(policy["PolicyName"] for policy in policies)


def attached(iam: Any) -> list[str]:
    """ARNs of what is attached to the user."""
    held = iam.list_attached_user_policies(UserName=SUBJECT)["AttachedPolicies"]
    return sorted(policy["PolicyArn"] for policy in held)


def may(iam: Any, *names: str, action: str = "ReadData") -> set[str]:
    """Those topics with which IAM lets the user do that."""
    documents = [iam.get_user_policy(UserName=SUBJECT, PolicyName=INLINE_POLICY_NAME)["PolicyDocument"]]
    for arn in attached(iam):
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        reply = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        documents.append(reply["PolicyVersion"]["Document"])
    layer = normalise([parse(document) for document in documents], Principal(SUBJECT, "AIDA", "arn"))
    base = CLUSTER.replace(":cluster/", ":topic/")
    return {
        name
        for name in names
        if decide((layer,), action=f"kafka-cluster:{action}", resource=f"{base}/{name}", at_ms=0).allowed
    }


def test_rights_beyond_the_inline_policy_are_in_managed_ones_under_the_fabrics_path(
    iam: Any, principals: IamPrincipals
) -> None:
    holdings = OWN | reads(80)

    principals.ensure(SUBJECT, holdings)

    assert managed(iam) == [f"octopus-test-{SUBJECT}-{number}" for number in (1, 2)]
    assert attached(iam) == principals.policies_left(SUBJECT) == [f"{POLICIES}{n}" for n in managed(iam)]
    assert principals.in_order(SUBJECT, holdings)
    names = {right.name for right in holdings if right.level is Level.READ}
    assert may(iam, *names, "astro.other", "ns-111111111111.t") == names | {"ns-111111111111.t"}
    assert may(iam, *names, "ns-111111111111.t", action="WriteData") == {"ns-111111111111.t"}


def test_what_is_in_order_is_that_and_no_other_set_of_policies(iam: Any, principals: IamPrincipals) -> None:
    holdings = OWN | reads(80)
    principals.ensure(SUBJECT, holdings)
    assert not principals.in_order(SUBJECT, OWN)
    assert not principals.in_order(SUBJECT, OWN | reads(79))

    iam.detach_user_policy(UserName=SUBJECT, PolicyArn=f"{POLICIES}octopus-test-{SUBJECT}-1")
    assert not principals.in_order(SUBJECT, holdings)
    principals.ensure(SUBJECT, holdings)
    assert principals.in_order(SUBJECT, holdings)


def test_policies_that_nothing_is_left_for_are_gone(iam: Any, principals: IamPrincipals) -> None:
    principals.ensure(SUBJECT, OWN | reads(200))
    assert len(managed(iam)) > 2

    principals.ensure(SUBJECT, OWN | reads(30))
    assert len(managed(iam)) == len(attached(iam)) == 1

    principals.ensure(SUBJECT, OWN)
    assert managed(iam) == attached(iam) == principals.policies_left(SUBJECT) == []
    assert principals.in_order(SUBJECT, OWN)


def test_policy_is_written_any_number_of_times_though_iam_keeps_five_versions(
    iam: Any, principals: IamPrincipals
) -> None:
    for count in range(20, 32):
        principals.ensure(SUBJECT, OWN | reads(count))

        assert principals.in_order(SUBJECT, OWN | reads(count))
        versions = iam.list_policy_versions(PolicyArn=attached(iam)[0])["Versions"]
        assert len(versions) <= 5


def test_too_many_rights_change_nothing(iam: Any, principals: IamPrincipals) -> None:
    principals.ensure(SUBJECT, OWN)

    with pytest.raises(PolicyTooLargeError, match=r"name \d+ of these 601 topics and projects at most"):
        principals.ensure(SUBJECT, OWN | reads(600))

    assert principals.in_order(SUBJECT, OWN)


def test_of_too_many_rights_those_that_fit_are_written_and_one_that_is_withdrawn_is_gone(
    iam: Any, principals: IamPrincipals
) -> None:
    holdings = OWN | own("lab") | reads(600)

    fit = principals.fitting(SUBJECT, holdings)
    principals.ensure(SUBJECT, fit)

    assert holdings > fit > OWN | own("lab") | reads(450)
    assert may(iam, "astro.topic-0000", "lab.t", "ns-111111111111.t", "astro.topic-0599") == {
        "astro.topic-0000",
        "lab.t",
        "ns-111111111111.t",
    }
    principals.ensure(SUBJECT, principals.fitting(SUBJECT, holdings - reads(1)))
    assert may(iam, "astro.topic-0000") == set()
    assert principals.fitting(SUBJECT, OWN | reads(80)) == OWN | reads(80)


def test_suspended_user_holds_the_denial_alone_and_gets_everything_back(
    iam: Any, principals: IamPrincipals
) -> None:
    holdings = OWN | reads(80)
    principals.ensure(SUBJECT, holdings)

    principals.suspend(SUBJECT)

    assert may(iam, "astro.topic-0000", "ns-111111111111.t") == set()
    assert managed(iam) == []
    principals.ensure(SUBJECT, holdings)
    assert principals.in_order(SUBJECT, holdings)


def test_withdrawn_and_deleted_user_leaves_no_policy(iam: Any, principals: IamPrincipals) -> None:
    principals.ensure(SUBJECT, OWN | reads(80))

    principals.withdraw(SUBJECT)
    assert attached(iam) == managed(iam) == []
    assert iam.list_user_policies(UserName=SUBJECT)["PolicyNames"] == []

    principals.delete(SUBJECT)
    principals.delete(SUBJECT)
    assert iam.list_users()["Users"] == []


def test_policy_that_was_detached_by_hand_is_deleted_with_the_user(
    iam: Any, principals: IamPrincipals
) -> None:
    principals.ensure(SUBJECT, OWN | reads(80))
    for arn in attached(iam):
        iam.detach_user_policy(UserName=SUBJECT, PolicyArn=arn)

    principals.withdraw(SUBJECT)
    principals.delete(SUBJECT)

    assert managed(iam) == []


class CutShortError(Exception):
    """The process stops here."""


class Watched:
    """IAM that tells of every call that changes it, and may be cut off before any."""

    def __init__(self, iam: Any, *, after: Callable[[], None] = lambda: None, calls: int = 10_000) -> None:
        self._iam = iam
        self._after = after
        self._left = calls

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._iam, name)
        if not name.startswith(("put_", "create_", "delete_", "attach_", "detach_")):
            return asked

        def call(**arguments: Any) -> Any:
            if self._left == 0:
                raise CutShortError
            self._left -= 1
            reply = asked(**arguments)
            self._after()
            return reply

        return call


def changes() -> Iterator[Any]:
    """From what to what rights change: more, fewer, others at the front, in the middle and at the end.

    Everything is changed from once and to once, and one change is drawn; `long` has all pairs and more draws.
    """
    some = [OWN, OWN | reads(60), OWN | reads(120, start=30), OWN | own("astro", "lab")]
    some.append(OWN | own("a", "b", "c", "d", "e") | reads(70, project="zoo"))
    for (first, before), (second, after) in itertools.permutations(enumerate(some), 2):
        yield _change(before, after, short=second == (first + 1) % len(some))
    choice = random.Random(5)  # noqa: S311 - repeatable
    pool = sorted(reads(150) | reads(60, project="zoo") | own("a", "b", "c", "d"), key=lambda r: r.name)
    for drawn in range(5):
        yield _change(
            OWN | frozenset(choice.sample(pool, choice.randrange(len(pool)))),
            OWN | frozenset(choice.sample(pool, choice.randrange(len(pool)))),
            short=drawn == 0,
        )


def _change(before: Holdings, after: Holdings, *, short: bool) -> Any:
    return pytest.param(before, after, marks=[] if short else pytest.mark.long)


def names_of(holdings: Holdings) -> set[str]:
    """A topic that each right is about."""
    return {right.name.replace("*", "t") for right in holdings}


@pytest.mark.parametrize(("before", "after"), list(changes()))
def test_change_never_takes_what_stays_nor_gives_what_neither_side_has(
    iam: Any, principals: IamPrincipals, before: Holdings, after: Holdings
) -> None:
    principals.ensure(SUBJECT, before)
    asked = names_of(before) | names_of(after) | {"astro.topic-9999", "zoo.t"}
    old = may(iam, *asked)
    seen: list[set[str]] = []
    watched = Watched(iam, after=lambda: seen.append(may(iam, *asked)))
    boundary = iam.get_user(UserName=SUBJECT)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    changing = IamPrincipals(watched, institution="test", boundary_arn=boundary, cluster_arn=CLUSTER)  # type: ignore[arg-type]

    changing.ensure(SUBJECT, after)

    new = seen[-1]
    assert names_of(after) <= new
    for held in seen:
        assert old & new <= held <= old | new
    assert principals.in_order(SUBJECT, after)


@pytest.mark.parametrize("wanted", [OWN, OWN | reads(60, start=70)])
def test_change_that_is_cut_short_anywhere_is_completed_by_the_next(
    iam: Any, principals: IamPrincipals, wanted: Holdings
) -> None:
    before = OWN | reads(80)
    principals.ensure(SUBJECT, before)
    boundary = iam.get_user(UserName=SUBJECT)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    for calls in itertools.count():
        watched: Any = Watched(iam, calls=calls)
        cut = IamPrincipals(watched, institution="test", boundary_arn=boundary, cluster_arn=CLUSTER)
        try:
            cut.ensure(SUBJECT, wanted)
        except CutShortError:
            principals.ensure(SUBJECT, wanted)
            assert principals.in_order(SUBJECT, wanted)
            assert len(managed(iam)) == len(attached(iam))
            principals.ensure(SUBJECT, before)
            assert len(managed(iam)) == len(attached(iam))
        else:
            break
    assert calls > 3


def test_judge_knows_the_policies_for_those_that_were_written_by_either_reader(
    iam: Any, principals: IamPrincipals
) -> None:
    # More than nine, of which the tenth stands before the second by name.
    holdings = OWN | reads(500)
    principals.ensure(SUBJECT, holdings)
    assert len(attached(iam)) == 10
    iam.create_policy(PolicyName="by-hand", PolicyDocument=canonical_json(SUSPENDED_POLICY))
    iam.attach_user_policy(UserName=SUBJECT, PolicyArn="arn:aws:iam::123456789012:policy/by-hand")
    account = Account(iam, paths=("/msk-users/",), cluster_arn=CLUSTER)

    alone, listed = account.user(SUBJECT), account.users({SUBJECT})[SUBJECT]

    assert effective(alone).policy_sha256 == principals.policy_sha256(holdings)
    assert effective(listed).policy_sha256 == principals.policy_sha256(holdings)
    principals.suspend(SUBJECT)
    assert effective(account.user(SUBJECT)).policy_sha256 == policy_sha256(SUSPENDED_POLICY)


FULL = [
    ("create_policy", r"holds \d+ managed policies and may hold \d+; its operator can"),
    ("attach_user_policy", r"may hold 10 managed policies \(.*\): take away what somebody gave"),
]


@pytest.mark.parametrize(("call", "said"), FULL, ids=["of the account", "of the user"])
def test_where_there_is_no_room_for_a_managed_policy_what_is_withdrawn_goes_all_the_same(
    iam: Any, principals: IamPrincipals, monkeypatch: pytest.MonkeyPatch, call: str, said: str
) -> None:
    secret = frozenset({DataRight("secret-lab.*", Level.ALL)})
    principals.ensure(SUBJECT, OWN | secret)
    _refuse(iam, monkeypatch, call, "LimitExceededException")
    wanted = OWN | reads(80)

    with capture_logs() as logs:
        written = principals.ensure(SUBJECT, wanted)

    assert OWN < written < wanted
    assert principals.in_order(SUBJECT, written)
    assert (attached(iam), managed(iam)) == ([], [])
    told = {log["event"]: log for log in logs}
    assert re.search(said, told["principal.no_room"]["reason"])
    left_out = told["principal.rights_left_out"]
    assert (left_out["held"], left_out["written"]) == (len(wanted), len(written))


@pytest.mark.parametrize(("call", "_said"), FULL, ids=["of the account", "of the user"])
def test_policies_that_there_are_take_what_fits_until_there_is_room_again(
    iam: Any, principals: IamPrincipals, monkeypatch: pytest.MonkeyPatch, call: str, _said: str
) -> None:
    principals.ensure(SUBJECT, OWN | reads(60))
    assert len(attached(iam)) == 1
    wanted = OWN | reads(150, start=30)
    with monkeypatch.context() as full:
        attach = iam.attach_user_policy
        _refuse(iam, full, call, "LimitExceededException")
        if call == "attach_user_policy":  # which the first one is already
            refuse = iam.attach_user_policy
            first = attached(iam)
            full.setattr(
                iam,
                "attach_user_policy",
                lambda **asked: (attach if asked["PolicyArn"] in first else refuse)(**asked),
            )
        written = principals.ensure(SUBJECT, wanted)
        assert principals.in_order(SUBJECT, written)
        assert OWN < written < wanted
        assert len(attached(iam)) == len(managed(iam)) == 1
        assert len(written) > 60

    assert principals.ensure(SUBJECT, wanted) == wanted
    assert principals.in_order(SUBJECT, wanted)


@pytest.mark.parametrize("needed", [OWN | own("a-lab", "b-lab", "c-lab"), OWN | reads(8)])
def test_what_everybody_holds_asks_for_no_managed_policy_and_is_left_out_in_silence(
    iam: Any, principals: IamPrincipals, monkeypatch: pytest.MonkeyPatch, needed: Holdings
) -> None:
    for call, _ in FULL:
        _refuse(iam, monkeypatch, call, "LimitExceededException")

    with capture_logs() as logs:
        fit = principals.fitting(SUBJECT, needed | EVERYBODYS)
        written = principals.ensure(SUBJECT, fit)

    assert written == fit == needed
    assert principals.in_order(SUBJECT, needed | EVERYBODYS)
    assert logs == []


def test_what_everybody_holds_gives_way_to_what_a_user_was_given_by_hand(
    iam: Any, principals: IamPrincipals, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = iam.put_user_policy
    room = len(canonical_json(principal_policies(cluster_arn=CLUSTER, holdings=OWN).inline))
    refused = iam.exceptions.LimitExceededException(
        {"Error": {"Code": "LimitExceeded", "Message": "Maximum policy size of 2048 bytes exceeded"}},
        "PutUserPolicy",
    )

    def put_besides_another(**asked: Any) -> Any:
        if len(asked["PolicyDocument"]) > room:
            raise refused
        return put(**asked)

    monkeypatch.setattr(iam, "put_user_policy", put_besides_another)

    assert principals.ensure(SUBJECT, OWN | EVERYBODYS) == OWN
    assert principals.in_order(SUBJECT, OWN)
    with pytest.raises(Failure, match="take away what somebody gave it by hand"):
        principals.ensure(SUBJECT, OWN | reads(1))


def test_policy_of_that_name_elsewhere_is_not_taken_over(
    iam: Any, principals: IamPrincipals, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse(iam, monkeypatch, "create_policy", "EntityAlreadyExistsException")
    monkeypatch.setattr("octopus.aws._NEW_USER_KNOWN_S", 0)

    with pytest.raises(Failure, match=rf"octopus-test-{SUBJECT}-1 exists elsewhere"):
        principals.ensure(SUBJECT, OWN | reads(80))


def test_policy_that_is_attached_elsewhere_by_hand_is_said_to_keep_the_user(
    iam: Any, principals: IamPrincipals, monkeypatch: pytest.MonkeyPatch
) -> None:
    principals.ensure(SUBJECT, OWN | reads(80))
    _refuse(iam, monkeypatch, "delete_policy", "DeleteConflictException")
    monkeypatch.setattr("octopus.aws._SEEN_GONE_S", 0)

    with pytest.raises(Failure, match=rf"octopus-test-{SUBJECT}-2: somebody attached it"):
        principals.withdraw(SUBJECT)

    assert attached(iam) == []


def test_right_with_an_end_is_in_order_as_it_stands(iam: Any, principals: IamPrincipals) -> None:
    until = datetime(2027, 1, 31, 12, tzinfo=UTC)
    holdings = OWN | {DataRight("astro.*", Level.ALL, until), DataRight("astro.*", Level.READ)}

    principals.ensure(SUBJECT, holdings)

    assert principals.in_order(SUBJECT, holdings)
    inline = iam.get_user_policy(UserName=SUBJECT, PolicyName=INLINE_POLICY_NAME)["PolicyDocument"]
    assert inline == principal_policies(cluster_arn=CLUSTER, holdings=holdings).inline


def _refuse(iam: Any, monkeypatch: pytest.MonkeyPatch, call: str, name: str) -> None:
    refused = getattr(iam.exceptions, name)({"Error": {"Code": name, "Message": "quota"}}, call)

    def refuse(**_arguments: object) -> None:
        raise refused

    monkeypatch.setattr(iam, call, refuse)
