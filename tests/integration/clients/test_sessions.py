"""Sessions: keys with a token, limited to some topics and actions, in every client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from octopus.iam.generate import session_policy
from octopus.iam.holdings import DataRight, Level
from tests.integration.clients.cluster import Cluster, Person
from tests.integration.clients.program import ClientError, Program
from tests.integration.judge.institution import CLUSTER_ARN


def test_session_is_held_to_its_topics(program: Program, cluster: Cluster, alice: Person) -> None:
    topic = cluster.topic(alice, f"session-{program.library}")
    other = cluster.topic(alice, f"other-{program.library}")
    session = _session(cluster, alice, f"session-{program.library}", topic)
    program.open_producer(session.profile)
    program.send(topic, ["one", "two"])
    program.open_consumer(session.profile, topic, alice.name(f"session-{program.library}"))
    assert [value for _, _, value in program.read(2)] == ["one", "two"]
    with pytest.raises(ClientError) as refused:
        program.send(other, ["forged"])
    assert refused.value.name == program.library.topic_refused


def _session(cluster: Cluster, owner: Person, name: str, topic: str) -> Person:
    """The owner with a session that may write and read one topic."""
    policy = session_policy(
        cluster_arn=CLUSTER_ARN,
        rights=frozenset({DataRight(topic, Level.READ), DataRight(topic, Level.WRITE)}),
        namespaces={topic.partition(".")[0]: None},
    )
    key = cluster.institution.session(owner.tenant, policy, expires=datetime.now(UTC) + timedelta(minutes=15))
    session = cluster.profile(name, owner.tenant)
    session.use_key(key.access_key_id, key.secret, key.session_token)
    return session
