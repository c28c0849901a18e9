"""Accounts of people who get sessions only: a whole life without a question to IAM."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from octopus import aws
from octopus.accounts.models import State
from octopus.credentials import inspection
from octopus.credentials.models import Kind
from octopus.credentials.secrets import decrypt
from octopus.credentials.sessions import OpenSession
from octopus.errors import Failure, ForbiddenError, InvalidError
from octopus.registry.leases import LIFE_S
from tests.callers import caller_of
from tests.integration.accounts.fabric import Fabric, new_fabric, topics_of_people
from tests.integration.accounts.operations import grant
from tests.integration.service.deployment import Deployment
from tests.memory_kafka import MemoryGroups, MemoryKafka


@pytest.fixture
def fabric(deployment: Deployment, kafka: MemoryKafka, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fabric]:
    """A fabric on MSK whose service holds no right of IAM's, with a subject who has nothing yet."""

    def asked(*_arguments: object) -> NoReturn:
        raise AssertionError("IAM was asked")

    monkeypatch.setattr(aws, "iam", asked)
    made = new_fabric(of_sessions(deployment), kafka, MemoryGroups(kafka))
    yield made
    made.clear()


def of_sessions(deployment: Deployment, *, brokers: str = "msk-standard") -> Deployment:
    """The deployment, changed so that its users get sessions only."""
    told = {
        "kafka": brokers,
        "credentials": "session",
        "principal_boundary_arn": "",
        "session_minutes_most": 30,
    }
    return replace(deployment, settings=deployment.settings.model_copy(update=told))


@pytest.fixture
def owner(fabric: Fabric) -> Fabric:
    """The same, with an account that has a topic."""
    fabric.features.accounts.create(fabric.subject)
    fabric.features.topics.create(caller_of(fabric.subject), fabric.namespace, "events")
    return fabric


def opened(fabric: Fabric, topic: str | None = None, **more: Any) -> OpenSession:
    return fabric.features.sessions.open(
        fabric.subject, topics=[topic or fabric.topic], actions=["read"], **more
    )


def policy(fabric: Fabric, session: OpenSession) -> dict[str, Any]:
    """The session's own, as it is kept."""
    (stored,) = [
        key
        for key in fabric.features.keys.recorded(fabric.subject)
        if key.access_key_id == session.access_key_id
    ]
    kept = decrypt(
        aws.kms(),
        fabric.settings.credentials_key_arn,
        subject=fabric.subject,
        access_key_id=session.access_key_id,
        ciphertext=stored.secret,
    )
    document: dict[str, Any] = json.loads(kept)["policy"]
    return document


@dataclass(frozen=True)
class Switched:
    """A fabric that issued a key before it was deployed with sessions only."""

    before: Fabric
    now: Fabric
    access_key_id: str
    iam: Any

    def in_iam(self) -> str:
        """Whether the key works on MSK."""
        (key,) = self.iam.list_access_keys(UserName=self.before.subject)["AccessKeyMetadata"]
        return str(key["Status"])


@pytest.fixture
def switched(deployment: Deployment, kafka: MemoryKafka, iam: Any) -> Iterator[Switched]:
    before = new_fabric(deployment, kafka, MemoryGroups(kafka))
    key = before.features.keys.current(before.subject)
    now = replace(before, deployment=of_sessions(deployment)).replica()
    yield Switched(before, now, key.access_key_id, iam)
    before.clear()


def state(fabric: Fabric) -> State | None:
    account = fabric.features.accounts.find(fabric.subject)
    return account.state if account else None


def test_account_is_made_and_checked_without_a_user(fabric: Fabric) -> None:
    for _ in range(2):
        assert fabric.features.accounts.create(fabric.subject).state is State.ACTIVE
    assert fabric.features.accounts.namespaces(fabric.subject) == {fabric.namespace: []}


@pytest.mark.parametrize("call", ["current", "add"])
def test_key_that_lasts_is_refused_in_words_and_nothing_is_made(fabric: Fabric, call: str) -> None:
    with pytest.raises(Failure, match=r"issues no keys that last.*`octopus key session`"):
        getattr(fabric.features.keys, call)(fabric.subject)

    assert state(fabric) is None
    assert fabric.credentials() == []


def test_session_makes_the_account_and_lives_as_long_as_the_deployment_says(fabric: Fabric) -> None:
    with pytest.raises(InvalidError, match="duration_seconds: 900 to 1800 in this deployment, received 3600"):
        opened(fabric, f"{fabric.namespace}.*", duration_s=3600)
    assert state(fabric) is None

    session = opened(fabric, f"{fabric.namespace}.*")

    assert state(fabric) is State.ACTIVE
    (stored,) = fabric.features.keys.recorded(fabric.subject)
    assert (stored.kind, stored.expires) == (Kind.SESSION, session.expires)


def test_session_holds_what_its_owner_holds_at_that_moment(owner: Fabric) -> None:
    friend = owner.of_friend()
    friend.features.accounts.create(friend.subject)
    with pytest.raises(ForbiddenError):
        opened(friend, owner.topic)

    owner.features.access.give(grant(owner))
    session = opened(friend, owner.topic)

    resources = {name for each in policy(friend, session)["Statement"] for name in each["Resource"]}
    assert any(name.endswith(f"/{owner.topic}") for name in resources)
    # What it may not is not in it, and what it may ends in the policy itself: MSK asks nobody later.
    assert not any(name.endswith(f"/{owner.namespace}.*") for name in resources)
    ends = [each["Condition"] for each in policy(friend, session)["Statement"] if "Condition" in each]
    assert ends != []

    owner.features.access.take(owner.namespace, "events", grant(owner), actor=owner.subject)

    with pytest.raises(ForbiddenError):
        opened(friend, owner.topic)


def test_suspended_owner_gets_no_session_and_has_none_on_record(owner: Fabric) -> None:
    opened(owner)

    owner.features.suspensions.suspend(owner.subject)

    assert owner.features.keys.recorded(owner.subject) == []
    with pytest.raises(ForbiddenError, match="is suspended"):
        opened(owner)

    owner.features.suspensions.resume(owner.subject)

    assert opened(owner).access_key_id.startswith("ASIA")


def test_session_is_ended_for_the_fabric(owner: Fabric) -> None:
    session = opened(owner)

    assert owner.features.keys.revoke(owner.subject, session.access_key_id)

    assert owner.features.keys.listed(owner.subject) == []


def test_deleted_account_leaves_nothing(owner: Fabric, kafka: MemoryKafka) -> None:
    opened(owner)

    owner.features.accounts.delete(owner.subject)
    assert owner.features.keys.recorded(owner.subject) == []
    owner.wait(owner.settings.last_requests_s)

    assert state(owner) is None
    assert topics_of_people(kafka) == []


def test_background_does_its_work_without_iam(owner: Fabric) -> None:
    names = [job.name for job in owner.features.jobs]
    assert "ceilings" not in names
    assert "age of the Globus secret" in names

    session = opened(owner, duration_s=900)
    owner.run_jobs()
    owner.features.keys.tend(owner.subject, unused_after=timedelta(days=1))

    assert [key.stored.access_key_id for key in owner.features.keys.listed(owner.subject)] == [
        session.access_key_id
    ]


@pytest.mark.parametrize(("brokers", "take_quotas"), [("msk-serverless", False), ("msk-express", True)])
def test_only_serverless_brokers_are_spared_what_they_do_not_know(
    deployment: Deployment, kafka: MemoryKafka, brokers: str, take_quotas: bool
) -> None:
    made = new_fabric(of_sessions(deployment, brokers=brokers), kafka, MemoryGroups(kafka))

    assert (made.features.rates.refused is None) is take_quotas
    assert (made.features.quotas.counts.now().transactional_ids is not None) is take_quotas


def test_account_moves_to_another_identity_with_its_topics(owner: Fabric) -> None:
    friend = owner.of_friend()
    friend.features.accounts.create(friend.subject)
    opened(owner)

    owner.features.moves.move(owner.subject, friend.subject)

    assert owner.features.keys.recorded(owner.subject) == []
    assert opened(friend, owner.topic).access_key_id.startswith("ASIA")


def test_key_of_another_time_is_never_taken_for_gone(switched: Switched) -> None:
    session = opened(switched.now, f"{switched.now.namespace}.*")

    # Long after the half minute in which IAM may not list a new key yet.
    with pytest.MonkeyPatch.context() as later:
        later.setattr(inspection, "SETTLES", timedelta())
        switched.now.features.keys.tend(switched.now.subject, unused_after=timedelta())

    recorded = {key.access_key_id for key in switched.now.features.keys.recorded(switched.now.subject)}
    assert recorded == {session.access_key_id, switched.access_key_id}


@pytest.mark.parametrize("ending", ["revoke", "delete_all", "delete account", "move"])
def test_key_that_cannot_be_ended_is_not_said_to_be(switched: Switched, ending: str) -> None:
    features, subject = switched.now.features, switched.now.subject
    calls: dict[str, Callable[[], object]] = {
        "revoke": lambda: features.keys.revoke(subject, switched.access_key_id),
        "delete_all": lambda: features.keys.delete_all(subject),
        "delete account": lambda: features.accounts.delete(subject),
        "move": lambda: features.moves.move(subject, switched.now.friend),
    }

    with pytest.raises(Failure, match=f"{switched.access_key_id}.*credentials=iam-user again"):
        calls[ending]()

    assert state(switched.now) is State.ACTIVE
    assert [key.access_key_id for key in features.keys.recorded(subject)] == [switched.access_key_id]


def test_suspension_does_what_it_can_and_ends_the_key_once_it_can(switched: Switched) -> None:
    opened(switched.now, f"{switched.now.namespace}.*")

    with pytest.raises(Failure, match=f"{switched.access_key_id}.*go on working"):
        switched.now.features.suspensions.suspend(switched.now.subject)

    assert state(switched.now) is State.SUSPENDED
    recorded = switched.now.features.keys.recorded(switched.now.subject)
    assert [key.access_key_id for key in recorded] == [switched.access_key_id]
    with pytest.raises(Failure, match="credentials=iam-user again"):
        switched.now.features.suspensions.resume(switched.now.subject)
    assert switched.in_iam() == "Active"

    switched.before.wait(LIFE_S)

    assert switched.in_iam() == "Inactive"
