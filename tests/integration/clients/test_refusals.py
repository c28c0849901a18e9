"""What every client is refused, by its own error."""

from __future__ import annotations

import pytest

from octopus.fabric.supervision import wait_until
from tests.integration.clients.cluster import Cluster, Person
from tests.integration.clients.program import ClientError, Program
from tests.patience import PATIENCE_S


@pytest.fixture(scope="package")
def topic(cluster: Cluster, alice: Person) -> str:
    """Alice's."""
    return cluster.topic(alice, "private")


def test_foreign_topic_is_not_written(program: Program, mallory: Person, topic: str) -> None:
    with pytest.raises(ClientError) as refused:
        _write(program, mallory, topic)
    assert refused.value.name == program.library.topic_refused
    # librdkafka knows by now, and says so before it sends anything.
    with pytest.raises(ClientError) as again:
        program.send(topic, ["forged"])
    assert again.value.name == program.library.topic_refused


def test_foreign_topic_is_not_read(program: Program, mallory: Person, topic: str) -> None:
    logged = program.library.reading_refused_in_log
    if logged is None:
        with pytest.raises(ClientError) as refused:
            _read(program, mallory, topic, group=mallory.name("readers"))
        assert refused.value.name == program.library.topic_refused
    else:
        program.open_consumer(mallory.profile, topic, mallory.name("readers"))
        wait_until(
            lambda: program.poll() or logged in program.log.read_text(),
            seconds=PATIENCE_S,
            what="The refusal",
        )
        assert program.poll() == []


def test_foreign_group_is_not_joined(program: Program, alice: Person, mallory: Person, topic: str) -> None:
    with pytest.raises(ClientError) as refused:
        _read(program, alice, topic, group=mallory.name("readers"))
    assert refused.value.name == program.library.group_refused


def test_foreign_transactional_id_is_not_used(
    program: Program, alice: Person, mallory: Person, topic: str
) -> None:
    with pytest.raises(ClientError) as refused:
        _write_together(program, alice, topic, transactional_id=mallory.name("writer"))
    assert refused.value.name == program.library.transaction_refused


def test_wrong_secret_is_refused(program: Program, cluster: Cluster, alice: Person, topic: str) -> None:
    forger = cluster.profile(f"forger-{program.library}", alice.tenant)
    forger.use_key(alice.tenant.access_key_id, alice.tenant.secret[::-1])
    with pytest.raises(ClientError) as refused:
        _write(program, forger, topic, patience_s=5)
    assert refused.value.name == program.library.token_refused


def _write(program: Program, person: Person, topic: str, *, patience_s: int = 30) -> None:
    program.open_producer(person.profile, patience_s=patience_s)
    program.send(topic, ["forged"])


def _write_together(program: Program, person: Person, topic: str, *, transactional_id: str) -> None:
    program.open_producer(person.profile, transactional_id)
    program.ask("begin")
    program.send(topic, ["forged"])
    program.ask("commit")


def _read(program: Program, person: Person, topic: str, *, group: str) -> None:
    program.open_consumer(person.profile, topic, group)
    program.read(1)
