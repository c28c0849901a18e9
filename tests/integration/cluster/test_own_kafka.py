"""docs/own-kafka.md, done: IAM on a Kafka that was there before, and what it then lets through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from octopus.fabric.supervision import wait_until
from tests.integration.cluster.clients import by_msk_iam, by_oauthbearer, settings_of
from tests.integration.cluster.own_kafka import SECONDS, Judge, OwnKafka, built
from tests.integration.cluster.traffic import Reader, Writer
from tests.integration.judge.institution import Institution, Tenant

OLD, NEW = "3.9.2", "4.1.2"


@pytest.fixture
def kafka(judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnKafka]:
    made = OwnKafka(tmp_path_factory.mktemp("own-kafka"), judge)
    yield made
    made.close()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_plugin_is_installed_replaced_and_kafka_upgraded_node_by_node_and_nothing_is_lost(
    institution: Institution, kafka: OwnKafka
) -> None:
    tenant = institution.tenant()
    namespace, topic = names(tenant)
    kafka.start(built(OLD), plugin=None)
    kafka.make_topic(topic)
    # On a cluster in use, by what has always used it.
    with Writer(kafka.inner, topic) as before:
        kafka.roll(built(OLD), plugin=built(OLD))
    # Its data are there for whom IAM lets in, who now goes on through a new plugin and a new Kafka.
    settings = settings_of(kafka, tenant)
    with Reader(settings, topic, f"{namespace}.reader") as reader:
        reader.await_all(before.acknowledged)
        with Writer(settings, topic, first=len(before.acknowledged)) as writer:
            kafka.roll(built(OLD), plugin=built(NEW))
            kafka.roll(built(NEW), plugin=built(NEW))
        reader.await_all(writer.acknowledged)
    assert len(before.acknowledged) > 1000
    assert len(writer.acknowledged) > 1000
    assert tenant.access_key_id in kafka.audit()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_iam_decides_on_kafka_3_9_as_on_4_1(institution: Institution, kafka: OwnKafka) -> None:
    alice, mallory = institution.tenant(), institution.tenant()
    namespace, topic = names(alice)
    _, foreign = names(mallory)
    kafka.start(built(OLD), plugin=built(OLD))
    kafka.make_topic(topic)
    kafka.make_topic(foreign)
    for ask in (by_oauthbearer, by_msk_iam):
        group = f"{namespace}.{ask.__name__}"
        assert ask(kafka, alice, topic, group) == "written and read"
        assert ask(kafka, alice, foreign, group) == "TopicAuthorizationFailed"
        assert ask(kafka, alice, topic, "foreign") == "GroupAuthorizationFailed"
    institution.record_key(alice, active=False)
    wait_until(
        lambda: by_oauthbearer(kafka, alice, topic, namespace) == "AuthenticationFailed",
        seconds=SECONDS,
        what="the end of a revoked key",
    )
    # kafka-python tries again until its patience ends, and keeps the reason to its log.
    assert by_msk_iam(kafka, alice, topic, namespace) in ("KafkaTimeout", "NoBrokersAvailable")
    assert "the access key is not active" in kafka.audit()
    assert by_oauthbearer(kafka, mallory, foreign, f"{names(mallory)[0]}.readers") == "written and read"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_plugin_builds_against_the_latest_kafka() -> None:
    assert (built("4.3.1") / "octopus-broker.jar").is_file()


def names(tenant: Tenant) -> tuple[str, str]:
    """A tenant's namespace, and a topic in it."""
    namespace = f"ns-{tenant.subject[-12:]}"
    return namespace, f"{namespace}.events"
